import { newRequestId } from './numbers.ts'
import type { Reply } from './refusals.ts'
import type { Wechat } from './settings.ts'

/**
 * Turns a reply into what goes over the wire.
 *
 * @param seal signs the body, which for a 204 is empty. Without it the answer is not signed: so are
 *   WeChat's answers to those whom it has not recognised (seen on the live host, 2026-09-11)
 */
export async function answer(
  { random }: Wechat,
  { status, body, suffix, file, fileType }: Reply,
  seal: (body: string) => Promise<Record<string, string>> = async () => ({}),
): Promise<Response> {
  if (file !== undefined) return fileAnswer(file, newRequestId(random, suffix), fileType)
  const text = body === undefined ? '' : JSON.stringify(body)
  const headers = { 'Request-ID': newRequestId(random, suffix), ...(await seal(text)) }
  if (body === undefined) return new Response(null, { status, headers })
  return new Response(text, {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
  })
}

function fileAnswer(
  file: Uint8Array<ArrayBuffer>,
  requestId: string,
  type = 'application/octet-stream',
): Response {
  return new Response(file, { headers: { 'Content-Type': type, 'Request-ID': requestId } })
}

/** For what does not exist at WeChat's door: no body, no signature. */
export function emptyAnswer(status: 404 | 405): Response {
  return new Response(null, { status })
}

/** What a proxy in front of WeChat says by itself: usually that nobody is behind it. */
export function htmlAnswer(status = 502, text = '502 Bad Gateway'): Response {
  return new Response(`<html><body><h1>${text}</h1></body></html>`, {
    status,
    headers: { 'Content-Type': 'text/html' },
  })
}

/** The first half of an answer's body under the headers of the whole. */
export async function truncated(whole: Response): Promise<Response> {
  const bytes = new Uint8Array(await whole.arrayBuffer())
  return new Response(bytes.slice(0, Math.floor(bytes.length / 2)), {
    status: whole.status,
    headers: whole.headers,
  })
}
