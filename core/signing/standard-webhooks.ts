/**
 * Standard Webhooks: a second signature on notifications, which any library of that name verifies.
 *
 * Its secret is derived from the app's, so that a merchant needs no further one: the HMAC-SHA256 of
 * `standard-webhooks` under the app secret, in Base64, behind `whsec_`.
 *
 * @see Standard Webhooks specification, "Signature scheme" (symmetric), read 2026-11-26
 */
export async function webhookSecret(appSecret: string): Promise<string> {
  return `whsec_${toBase64(await derivedKey(appSecret))}`
}

export interface WebhookMessage {
  /** The same over all tries: what a receiver knows a repetition by. */
  readonly id: string
  /** Of this try. */
  readonly atMs: number
  readonly body: string
}

/**
 * The three headers of one message.
 *
 * @param appSecrets more than one while a secret is being replaced: whoever knows either can verify
 */
export async function webhookHeaders(
  { id, atMs, body }: WebhookMessage,
  appSecrets: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const timestamp = Math.floor(atMs / 1_000)
  const signed = `${id}.${timestamp}.${body}`
  const signatures = await Promise.all(
    appSecrets.map(async (appSecret) => {
      const mac = await hmac(await derivedKey(appSecret), signed)
      return `v1,${toBase64(mac)}`
    }),
  )
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  }
}

function derivedKey(appSecret: string): Promise<Uint8Array<ArrayBuffer>> {
  return hmac(new TextEncoder().encode(appSecret), 'standard-webhooks')
}

async function hmac(key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, new TextEncoder().encode(text)))
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}
