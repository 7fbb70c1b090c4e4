/**
 * Where the payer is, when the merchant did not say: as JeePay, the first of `X-Forwarded-For`.
 * Told to channels for their risk checks; nothing is decided by it here.
 */
export function clientIpOf(request: Request): string {
  const forwarded = request.headers.get('x-forwarded-for')?.split(',')[0]?.trim()
  const given = forwarded || request.headers.get('cf-connecting-ip') || '127.0.0.1'
  return /^[0-9A-Fa-f.:]{2,45}$/.test(given) ? given : '127.0.0.1'
}
