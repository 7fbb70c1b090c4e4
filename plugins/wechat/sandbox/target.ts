/** What a request is for. */
export interface Target {
  /** Path and query as they stood in the request line: that is what was signed. */
  readonly target: string
  /** The part of the path that names an operation. */
  readonly path: string
  readonly query: URLSearchParams
  /** What stands before that part: host, and the prefix under which we are reached. */
  readonly base: string
}

/**
 * A host may serve the API under a prefix; clients sign that too, so only the route ignores it.
 * `Request` leaves percent-encoding as it was sent, which is what makes this the target as received.
 */
export function targetOf(url: string): Target {
  const [address = ''] = url.split('#')
  const target = address.slice(address.indexOf('/', address.indexOf('://') + 3))
  const { origin, pathname, searchParams } = new URL(url)
  const at = Math.max(0, OPERATIONS.exec(pathname)?.index ?? 0)
  return {
    target,
    path: pathname.slice(at),
    query: searchParams,
    base: origin + pathname.slice(0, at),
  }
}

/** Where the part begins that WeChat knows, at whichever of its hosts. */
const OPERATIONS =
  /\/v3\/|\/(secapi\/)?pay\/\w+$|\/cgi-bin\/mmpayweb-bin\/|\/connect\/oauth2\/|\/sns\/oauth2\//
