import { describe, expect, it } from 'vitest'
import { changeSettings } from '../../../core/merchant/accounts.ts'
import { rotateAppSecret } from '../../../core/merchant/secrets.ts'
import type { KeyRing } from '../../../core/ports.ts'
import { countBySealingKey, reseal } from '../../../core/sealing/reseal.ts'
import { openStore } from '../../../core/store/store.ts'
import { HOUR_MS } from '../../../core/time.ts'
import { openShop, type Shop } from '../../kit/shop.ts'

/** The key that a shop of the kit has sealed everything with. */
const OLD = { id: 'k1', bytes: new Uint8Array(32).fill(7) }
const NEW = { id: 'k2', bytes: new Uint8Array(32).fill(8) }

/** The same deployment, in a process that was given another ring. */
function withRing(shop: Shop, keyRing: KeyRing) {
  const { core } = shop.gateway
  return { ...core, ports: { ...core.ports, keyRing } }
}

/** A shop with three secrets and two versions of its settings, all sealed with the old key. */
async function openSealedShop() {
  const shop = await openShop()
  const { core } = shop.gateway
  await shop.opensApp('same_merchant')
  await rotateAppSecret(core, shop.app.appId, shop.clock.now() + HOUR_MS)
  await changeSettings(core, shop.accountId, { merchant: 'shop', key: 'another' })
  return shop
}

describe('sealing anew', () => {
  it('seals every text with the first key, current and previous, and says what is left', async () => {
    const shop = await openSealedShop()
    const core = withRing(shop, [NEW, OLD])
    expect(await countBySealingKey(core)).toEqual({ k1: 5, k2: 0 })
    expect(await reseal(core)).toEqual({ resealed: 5, stuck: [], sealedBy: { k1: 0, k2: 5 } })
    expect(await reseal(core)).toEqual({ resealed: 0, stuck: [], sealedBy: { k1: 0, k2: 5 } })
  })

  it('lets the old key be taken out: all that needs a secret goes on with the new one alone', async () => {
    const shop = await openSealedShop()
    const payOrderId = await shop.orders()
    await reseal(withRing(shop, [NEW, OLD]))
    shop.restarts([NEW])
    await shop.payerPays(payOrderId)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
    expect(await shop.refunds(payOrderId)).toMatchObject({ code: 0 })
    expect(shop.told.length).toBeGreaterThan(0)
    expect(await shop.asksFor()).toMatchObject({ code: 0 })
  })

  it('disturbs no gateway that runs with both keys', async () => {
    const shop = await openSealedShop()
    shop.restarts([NEW, OLD])
    const payOrderId = await shop.orders()
    const [, seen] = await Promise.all([
      reseal(withRing(shop, [NEW, OLD]), 1),
      shop.sees(payOrderId),
      shop.orders(),
    ])
    expect(seen).toMatchObject({ code: 0 })
    expect(await shop.sees(payOrderId)).toMatchObject({ code: 0 })
  })

  it.each([1, 2, 50])(
    'does each text once, whoever does it: two runners, %d rows a batch',
    async (rows) => {
      const shop = await openSealedShop()
      const core = withRing(shop, [NEW, OLD])
      const both = await Promise.all([reseal(core, rows), reseal(core, rows)])
      expect(both[0].resealed + both[1].resealed).toBe(5)
      expect(await countBySealingKey(core)).toEqual({ k1: 0, k2: 5 })
    },
  )

  it('does not bring a secret back that was rotated meanwhile', async () => {
    const shop = await openShop()
    const { appId } = shop.app
    let rotatedTo = ''
    const core = withRing(shop, [NEW, OLD])
    const { batch } = core.ports.database
    const slow = {
      ...core,
      store: openStore({
        async batch(statements, mode) {
          // Between its read and its write, an operator rotates.
          if (mode === 'write' && rotatedTo === '') {
            const rotated = await rotateAppSecret(core, appId, 0)
            rotatedTo = rotated.ok ? rotated.value.appSecret : 'not rotated'
          }
          return batch(statements, mode)
        },
      }),
    }
    await reseal(slow)
    shop.restarts([NEW, OLD])
    const payOrderId = 'P1'
    expect(await shop.sees(payOrderId)).toMatchObject({ msg: '验签失败' })
    const renewed = { ...shop.app, appSecret: rotatedTo }
    expect(await shop.sees(payOrderId, renewed)).not.toMatchObject({ msg: '验签失败' })
  })

  it('goes on where it was stopped', async () => {
    const shop = await openSealedShop()
    const core = withRing(shop, [NEW, OLD])
    let writes = 0
    const dying = {
      ...core,
      store: openStore({
        async batch(statements, mode) {
          if (mode === 'write' && ++writes > 1) throw new Error('killed')
          return core.ports.database.batch(statements, mode)
        },
      }),
    }
    await expect(reseal(dying, 1)).rejects.toThrow('killed')
    const counts = await countBySealingKey(core)
    expect(counts.k2).toBeGreaterThan(0)
    expect(counts.k1).toBeGreaterThan(0)
    expect((await reseal(core)).sealedBy).toEqual({ k1: 0, k2: 5 })
  })

  it('names what does not open, leaves it, and does the rest', async () => {
    const shop = await openSealedShop()
    const sql = 'update channel_configs set settings_sealed = ? where version = 1'
    await shop.database.batch([{ sql, args: ['spoiled'] }], 'write')
    const report = await reseal(withRing(shop, [NEW, OLD]))
    expect(report).toMatchObject({ resealed: 4, sealedBy: { k1: 0, k2: 4, unreadable: 1 } })
    expect(report.stuck).toEqual([
      {
        context: `account/${shop.accountId}/config/1`,
        problem: 'it was not sealed for this row, or the master key is another one',
      },
    ])
    const lost = await reseal(withRing(shop, [{ ...NEW, id: 'k3' }]))
    expect(lost.stuck.map(({ problem }) => problem)).toContain(
      'it was sealed with master key k2, which is not in the ring',
    )
  })
})
