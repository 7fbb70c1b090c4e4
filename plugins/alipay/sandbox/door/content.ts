import { ok, type Result, refuse } from '../../../../core/plugin/api.ts'
import { decrypt } from '../crypto/aes.ts'
import type { App } from '../party/apps.ts'
import { type Reply, refusal } from './refusals.ts'

type Fields = Readonly<Record<string, string>>

/** biz_content as JSON, decrypted where the call says that it is encrypted. */
export async function readCallContent(fields: Fields, app: App): Promise<Result<unknown, Reply>> {
  const { encrypt_type: encryption, biz_content: sent } = fields
  if (!sent) return ok({})
  if (!encryption) return parse(sent)
  if (encryption !== 'AES') return refuse(refusal('isv.invalid-encrypt-type'))
  if (app.contentKey === null) {
    return refuse(refusal('isv.decryption-error-not-valid-encrypt-key'))
  }
  const plain = await decrypt(app.contentKey, sent)
  return plain === undefined ? refuse(refusal('isv.decryption-error-unknown')) : parse(plain)
}

function parse(text: string): Result<unknown, Reply> {
  try {
    return ok(JSON.parse(text))
  } catch {
    return refuse(refusal('isv.illegal-json')) // whoever wrote it hears so
  }
}
