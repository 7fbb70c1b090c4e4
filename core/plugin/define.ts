import { ok, refuse } from '../result.ts'
import type {
  AnyChannel,
  BoundChannel,
  Channel,
  ChannelManifest,
  ChannelPorts,
  PayInput,
  PayOutcome,
} from './api.ts'
import { type ConfigFields, type ConfigOf, parseSettings } from './config.ts'

/**
 * Makes a channel out of its manifest, its config fields and its operations. The compiler checks
 * that there is a `pay` for each way, that each gets the input of its way's schema, and that all of
 * them get the config that the fields describe.
 */
export function defineChannel<
  const Manifest extends ChannelManifest,
  const Fields extends ConfigFields,
  Opened,
>(channel: Channel<Manifest, Fields, Opened>): AnyChannel {
  const { manifest } = channel
  return {
    manifest,
    fields: channel.config,
    bind(settings) {
      const parsed = parseSettings(channel.config, settings)
      if (!parsed.ok) return parsed
      // `parseSettings` built its schema from the very fields that `ConfigOf` is computed from.
      const config = parsed.value as ConfigOf<Fields>
      const checked = channel.checkConfig?.(config) ?? ok(undefined)
      if (!checked.ok) return refuse([checked.refusal.reason])
      return ok(bound(channel, config))
    },
  }
}

function bound<Manifest extends ChannelManifest, Fields extends ConfigFields, Opened>(
  channel: Channel<Manifest, Fields, Opened>,
  config: ConfigOf<Fields>,
): BoundChannel {
  const { close, refund, queryRefund } = channel
  return {
    manifest: channel.manifest,
    payee: channel.payeeOf(config),
    extraHosts: extraHosts(channel.config, config),
    pay: (ports, input) => pay(channel, ports, config, input),
    query: (ports, input) => channel.query(ports, config, input),
    ...(close && { close: (ports, input) => close(ports, config, input) }),
    ...(refund && { refund: (ports, input) => refund(ports, config, input) }),
    ...(queryRefund && { queryRefund: (ports, input) => queryRefund(ports, config, input) }),
    async readCallback(ports, call) {
      const opened = await channel.callback.verify(ports, config, call)
      return opened.ok ? channel.callback.parse(config, opened.value) : opened
    },
    acknowledge: (accepted) => channel.callback.acknowledge(accepted),
  }
}

async function pay<Manifest extends ChannelManifest, Fields extends ConfigFields, Opened>(
  channel: Channel<Manifest, Fields, Opened>,
  ports: ChannelPorts,
  config: ConfigOf<Fields>,
  input: PayInput,
): Promise<PayOutcome> {
  const way = channel.manifest.ways[input.way]
  const operation = channel.pay[input.way]
  if (way === undefined || operation === undefined) {
    return { kind: 'not_sent', reason: `${channel.manifest.id} has no way ${input.way}` }
  }
  const extra = way.input.safeParse(input.extra)
  if (!extra.success) {
    const field = extra.error.issues[0]?.path.join('.') ?? ''
    return { kind: 'not_sent', reason: `input ${field} does not fit way ${input.way}` }
  }
  // `operation` and the schema that gave `extra.data` stand under the same way code.
  return operation(ports, config, { ...input, extra: extra.data } as never)
}

function extraHosts<Fields extends ConfigFields>(
  fields: Fields,
  config: ConfigOf<Fields>,
): readonly string[] {
  return Object.entries(config).flatMap(([name, value]) =>
    fields[name]?.kind === 'url' && typeof value === 'string' ? [new URL(value).host] : [],
  )
}
