/**
 * Says why a notification must not be sent to a URL: a merchant must not be able to make us call
 * our own network. Names are judged by what they say; what they resolve to is for the port that
 * dials, on runtimes where it can know.
 *
 * @returns nothing when the URL may be called
 */
export function addressProblem(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null) return 'it is not a URL'
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'it is neither http nor https'
  if (url.username !== '' || url.password !== '') return 'it contains credentials'
  // `URL` has already turned decimal, octal and hexadecimal forms into dotted ones.
  const host = url.hostname.toLowerCase()
  if (host.startsWith('[')) {
    return isPublicIpv6(host.slice(1, -1)) ? undefined : 'it is a private address'
  }
  const ipv4 = parseIpv4(host)
  if (ipv4 !== undefined) return isPublicIpv4(ipv4) ? undefined : 'it is a private address'
  return isPublicName(host) ? undefined : 'it is a name of a private network'
}

/** For ports that see the address they are about to dial. */
export function isPublicAddress(ip: string): boolean {
  const ipv4 = parseIpv4(ip)
  return ipv4 === undefined ? isPublicIpv6(ip) : isPublicIpv4(ipv4)
}

const PRIVATE_SUFFIXES = ['localhost', 'local', 'internal', 'intranet', 'lan', 'home.arpa', 'onion']

function isPublicName(host: string): boolean {
  const name = host.replace(/\.$/, '')
  if (!name.includes('.')) return false
  return !PRIVATE_SUFFIXES.some((suffix) => name === suffix || name.endsWith(`.${suffix}`))
}

/** First address and prefix length of what is not the public Internet (IANA special purpose). */
const NOT_PUBLIC_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // Link-local, and where clouds keep their metadata.
  ['169.254.0.0', 16],
  // Where Azure keeps its own, in the middle of the public Internet.
  ['168.63.129.16', 32],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]

function isPublicIpv4(address: number): boolean {
  return !NOT_PUBLIC_IPV4.some(([first, bits]) => {
    const size = 2 ** (32 - bits)
    const start = parseIpv4(first) ?? 0
    return address >= start && address < start + size
  })
}

function parseIpv4(text: string): number | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part))) return undefined
  return parts.reduce((address, part) => address * 256 + Number(part), 0)
}

function isPublicIpv6(text: string): boolean {
  const groups = parseIpv6(text)
  if (groups === undefined) return false
  const [a = 0, b = 0] = groups
  // Only 2000::/3 is routed; inside it, what carries an IPv4 address is as private as that is.
  const embedded = embeddedIpv4(groups)
  if (embedded !== undefined) return isPublicIpv4(embedded)
  const isTeredo = a === 0x2001 && b === 0
  return (a & 0xe000) === 0x2000 && !isTeredo
}

function embeddedIpv4(groups: readonly number[]): number | undefined {
  const join = (high = 0, low = 0) => high * 65_536 + low
  const [a, b, c] = groups
  const startsWithZeros = groups.slice(0, 5).every((group) => group === 0)
  // ::ffff:a.b.c.d, and the deprecated ::a.b.c.d, which `::` and `::1` look like too.
  if (startsWithZeros && (groups[5] === 0xffff || groups[5] === 0))
    return join(groups[6], groups[7])
  // 6to4 carries it behind 2002:, NAT64 behind 64:ff9b::; 64:ff9b:1:: is a network's own.
  if (a === 0x2002) return join(b, c)
  const isNat64 = a === 0x64 && b === 0xff9b && groups.slice(2, 6).every((group) => group === 0)
  if (isNat64) return join(groups[6], groups[7])
  return undefined
}

function parseIpv6(text: string): readonly number[] | undefined {
  const [withoutZone = ''] = text.split('%')
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(withoutZone)
  const ipv4 = dotted === null ? undefined : parseIpv4(dotted[2] ?? '')
  const hex =
    dotted === null || ipv4 === undefined
      ? withoutZone
      : `${dotted[1]}${Math.floor(ipv4 / 65_536).toString(16)}:${(ipv4 % 65_536).toString(16)}`
  const halves = hex.split('::')
  if (halves.length > 2) return undefined
  const parse = (half: string | undefined) =>
    half === undefined || half === ''
      ? []
      : half.split(':').map((group) => Number.parseInt(group, 16))
  const head = parse(halves[0])
  const tail = parse(halves[1])
  const zeros = halves.length === 2 ? 8 - head.length - tail.length : 0
  const groups = [...head, ...new Array<number>(Math.max(zeros, 0)).fill(0), ...tail]
  const isValid = groups.length === 8 && groups.every((group) => group >= 0 && group <= 0xffff)
  return isValid ? groups : undefined
}
