# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# A cluster of three etcd members with TLS as witness; sourced after lib.sh, in a folder of its own.
#
#   etcd_at[0]=HOST:PORT etcd_peer_at[0]=HOST:PORT …    where the members are (numbers)
#   etcd_local          all of that for members on loopback: places, certificates
#   etcd_local_start    starts those and waits for their sockets and a leader
#   etcd_certificates HOST…         ca, member, client and stranger (keys, certificates), $pin, $urls
#   etcd_member 0 [COMMAND…]        starts it as m0, by that command (ip netns exec …)

need etcd openssl

etcd_at=()
etcd_peer_at=()

pin_of()
{
    openssl pkey -in "$1" -pubout -outform DER | openssl dgst -sha256 -r | cut -d' ' -f1
}

# One authority for members and clients; the members share a key, which is what the policy pins.
etcd_certificates()
{
    local name host names=

    for host in "$@"; do
        names+=${names:+,}IP:$host
    done
    openssl ecparam -name prime256v1 -genkey -noout -out ca.key
    openssl req -x509 -new -key ca.key -subj /CN=ca -days 2 -out ca.pem 2> req.log
    printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$names" > ext
    for name in member client stranger; do
        openssl ecparam -name prime256v1 -genkey -noout -out "$name.key"
        openssl req -new -key "$name.key" -subj "/CN=$name" -out "$name.csr" 2>> req.log
        openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
            -extfile ext -out "$name.pem" 2>> req.log
    done
    pin=sha256:$(pin_of member.key)
    urls="https://${etcd_at[0]} https://${etcd_at[1]} https://${etcd_at[2]}"
    cluster=m0=https://${etcd_peer_at[0]},m1=https://${etcd_peer_at[1]},m2=https://${etcd_peer_at[2]}
}

etcd_member()
{
    local i=$1

    shift
    start "m$i" "$@" etcd --name "m$i" --data-dir "$PWD/data$i" \
        --listen-client-urls "https://${etcd_at[$i]}" \
        --advertise-client-urls "https://${etcd_at[$i]}" \
        --listen-peer-urls "https://${etcd_peer_at[$i]}" \
        --initial-advertise-peer-urls "https://${etcd_peer_at[$i]}" \
        --initial-cluster "$cluster" --initial-cluster-token "t${etcd_at[0]}" \
        --client-cert-auth --trusted-ca-file ca.pem --cert-file member.pem --key-file member.key \
        --peer-client-cert-auth --peer-trusted-ca-file ca.pem --peer-cert-file member.pem \
        --peer-key-file member.key --heartbeat-interval 200 --election-timeout 2000
}

etcd_local()
{
    local i

    etcd_base=$(free_port 6)
    for i in 0 1 2; do
        etcd_at[i]=127.0.0.1:$((etcd_base + i))
        etcd_peer_at[i]=127.0.0.1:$((etcd_base + 3 + i))
    done
    etcd_certificates 127.0.0.1
}

# etcd_leaders I: how often member I has seen a leader elected, by its log.
etcd_leaders()
{
    grep -c "elected leader" "$TMP/m$1.log" 2> /dev/null || true
}

etcd_follows()
{
    [ "$(etcd_leaders "$1")" -gt "$2" ]
}

# An election takes seconds, now and then more than an asker waits who is about to end.
etcd_local_start()
{
    local i before=()

    for i in 0 1 2; do
        before[i]=$(etcd_leaders $i)
        etcd_member $i
    done
    for i in 0 1 2; do
        wait_socket m$i $((etcd_base + i))
        retry etcd_follows $i "${before[i]:-0}" || fail "the members elect no leader"
    done
}
