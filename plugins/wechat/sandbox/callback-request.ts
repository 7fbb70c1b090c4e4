import { seal } from './aead.ts'
import { beijingTime } from './beijing-time.ts'
import { contentOf } from './callback-content.ts'
import type { Event } from './events.ts'
import type { Lie } from './lies.ts'
import { merchantOf } from './merchants.ts'
import { newRequestId } from './numbers.ts'
import { callbackKey } from './platform-keys.ts'
import type { Wechat } from './settings.ts'
import { badSignatureHeaders, signatureHeaders } from './signature.ts'

/**
 * Writes a callback: encrypted and signed anew each time, under the same event id.
 *
 * @returns undefined when there is nothing to tell (any more)
 */
export async function requestCallback(
  wechat: Wechat,
  id: string,
  { about, url, createdAtMs }: Event,
  fault: 'bad_signature' | Lie | undefined,
): Promise<Request | undefined> {
  const content = await contentOf(wechat, about, fault === 'bad_signature' ? undefined : fault)
  const merchant = content && (await merchantOf(wechat, content.to))
  if (content === undefined || merchant === undefined) return undefined

  const { random } = wechat
  const { originalType, associatedData, plaintext } = content
  const body = JSON.stringify({
    id,
    create_time: beijingTime(createdAtMs),
    resource_type: 'encrypt-resource',
    event_type: content.eventType,
    summary: content.summary,
    resource: {
      original_type: originalType,
      ...(await seal(random, merchant.apiV3Key, associatedData, JSON.stringify(plaintext))),
    },
  })
  const sign = fault === 'bad_signature' ? badSignatureHeaders : signatureHeaders
  return new Request(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'User-Agent': 'Mozilla/4.0',
      'Request-ID': newRequestId(random, 0),
      ...(await sign(wechat, callbackKey(wechat, merchant), body)),
    },
    body,
    // A redirect is an answer that does not acknowledge, not a way to go.
    redirect: 'manual',
  })
}
