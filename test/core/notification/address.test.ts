import { describe, expect, it } from 'vitest'
import { addressProblem, isPublicAddress } from '../../../core/notification/address.ts'

const PRIVATE = 'it is a private address'
const PRIVATE_NAME = 'it is a name of a private network'

describe('where a notification may go', () => {
  it.each([
    'https://shop.example/notify?a=1',
    'http://shop.example:8080/notify',
    'https://SHOP.Example./',
    'https://商店.example/',
    'http://8.8.8.8/',
    'http://172.15.255.255/',
    'http://172.32.0.0/',
    'http://100.63.255.255/',
    'http://169.253.255.255/',
    'http://11.0.0.0/',
    'http://[2606:4700::1111]/',
    'http://[::ffff:8.8.8.8]/',
    'http://[64:ff9b::808:808]/',
    'https://localhost.example/',
    'https://internal.example/',
    'https://10.example/',
  ])('%s', (url) => {
    expect(addressProblem(url)).toBeUndefined()
  })

  it.each([
    ['nothing', '', 'it is not a URL'],
    ['a path', '/notify', 'it is not a URL'],
    ['a host alone', 'shop.example', 'it is not a URL'],
    ['another protocol', 'ftp://shop.example/', 'it is neither http nor https'],
    ['a file', 'file:///etc/passwd', 'it is neither http nor https'],
    ['a script', 'javascript:alert(1)', 'it is neither http nor https'],
    ['credentials', 'https://user:password@shop.example/', 'it contains credentials'],
    ['a user', 'https://shop.example@10.0.0.1/', 'it contains credentials'],
    ['loopback', 'http://127.0.0.1/', PRIVATE],
    ['loopback, elsewhere in it', 'http://127.255.255.254/', PRIVATE],
    ['loopback, short', 'http://127.1/', PRIVATE],
    ['loopback, decimal', 'http://2130706433/', PRIVATE],
    ['loopback, octal', 'http://0177.0.0.1/', PRIVATE],
    ['loopback, hexadecimal', 'http://0x7f.0.0.1/', PRIVATE],
    ['loopback, one hexadecimal number', 'http://0x7f000001/', PRIVATE],
    ['loopback with a dot behind it', 'http://127.0.0.1./', PRIVATE],
    ['loopback in full-width digits', 'http://１２７.０.０.１/', PRIVATE],
    ['loopback behind percent signs', 'http://%31%32%37.0.0.1/', PRIVATE],
    ['nowhere', 'http://0.0.0.0/', PRIVATE],
    ['zero', 'http://0/', PRIVATE],
    ['10/8', 'http://10.1.2.3/', PRIVATE],
    ['172.16/12, first', 'http://172.16.0.0/', PRIVATE],
    ['172.16/12, last', 'http://172.31.255.255/', PRIVATE],
    ['192.168/16', 'http://192.168.1.1/', PRIVATE],
    ['shared address space', 'http://100.64.0.1/', PRIVATE],
    ['metadata of most clouds', 'http://169.254.169.254/latest/meta-data/', PRIVATE],
    ['metadata of Alibaba Cloud', 'http://100.100.100.200/', PRIVATE],
    ['metadata of Oracle Cloud', 'http://192.0.0.192/', PRIVATE],
    ['metadata of Azure', 'http://168.63.129.16/', PRIVATE],
    ['benchmarks', 'http://198.18.0.1/', PRIVATE],
    ['multicast', 'http://224.0.0.1/', PRIVATE],
    ['broadcast', 'http://255.255.255.255/', PRIVATE],
    ['IPv6 loopback', 'http://[::1]/', PRIVATE],
    ['IPv6 nowhere', 'http://[::]/', PRIVATE],
    ['IPv6 unique local', 'http://[fd00::1]/', PRIVATE],
    ['metadata over IPv6', 'http://[fd00:ec2::254]/', PRIVATE],
    ['IPv6 link-local', 'http://[fe80::1]/', PRIVATE],
    ['IPv6 multicast', 'http://[ff02::1]/', PRIVATE],
    ['IPv4 in IPv6', 'http://[::ffff:127.0.0.1]/', PRIVATE],
    ['IPv4 in IPv6, hexadecimal', 'http://[::ffff:7f00:1]/', PRIVATE],
    ['IPv4 in IPv6, private', 'http://[::ffff:10.0.0.1]/', PRIVATE],
    ['IPv4 in IPv6, old', 'http://[::127.0.0.1]/', PRIVATE],
    ['IPv4 translated', 'http://[::ffff:0:127.0.0.1]/', PRIVATE],
    ['6to4', 'http://[2002:7f00:1::]/', PRIVATE],
    ['6to4, private', 'http://[2002:a00:1::]/', PRIVATE],
    ['NAT64', 'http://[64:ff9b::7f00:1]/', PRIVATE],
    ['NAT64 of a network of its own', 'http://[64:ff9b:1::808:808]/', PRIVATE],
    ['Teredo', 'http://[2001::1]/', PRIVATE],
    ['localhost', 'http://localhost/', PRIVATE_NAME],
    ['localhost with a dot', 'http://localhost./', PRIVATE_NAME],
    ['LOCALHOST', 'http://LOCALHOST:8080/', PRIVATE_NAME],
    ['below localhost', 'http://a.localhost/', PRIVATE_NAME],
    ['a name without a dot', 'http://redis/', PRIVATE_NAME],
    ['metadata by name', 'http://metadata.google.internal/', PRIVATE_NAME],
    ['metadata by its short name', 'http://metadata/', PRIVATE_NAME],
    ['a cluster', 'http://db.default.svc.cluster.local/', PRIVATE_NAME],
    ['an intranet', 'http://wiki.intranet/', PRIVATE_NAME],
    ['a home', 'http://router.home.arpa/', PRIVATE_NAME],
  ])('not to %s: %s', (_, url, problem) => {
    expect(addressProblem(url)).toBe(problem)
  })
})

describe('an address that a port is about to dial', () => {
  it.each([
    ['8.8.8.8', true],
    ['10.0.0.1', false],
    ['169.254.169.254', false],
    ['2606:4700::1111', true],
    ['::1', false],
    ['::ffff:10.0.0.1', false],
    ['fe80::1%eth0', false],
    ['not an address', false],
    ['', false],
    ['1:2:3', false],
    ['::1::', false],
  ])('%s is public: %s', (ip, isPublic) => {
    expect(isPublicAddress(ip)).toBe(isPublic)
  })
})
