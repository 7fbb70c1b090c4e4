import { ok, type Result, refuse } from '../result.ts'
import type {
  AnyChannel,
  Bound,
  BoundChannel,
  CallbackFacts,
  CallbackRejection,
  Channel,
  ChannelManifest,
  ChannelPorts,
  InboundCall,
  PayInput,
  PayOutcome,
  SplitOperations,
  TransferOperations,
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
  const { close, refund, queryRefund, transfer, split, bills, identity } = channel
  return {
    manifest: channel.manifest,
    payee: channel.payeeOf(config),
    extraHosts: extraHosts(channel.config, config),
    secrets: secretsIn(channel.config, config),
    pay: (ports, input) => pay(channel, ports, config, input),
    query: (ports, input) => channel.query(ports, config, input),
    ...(close && { close: (ports, input) => close(ports, config, input) }),
    ...(refund && { refund: (ports, input) => refund(ports, config, input) }),
    ...(queryRefund && { queryRefund: (ports, input) => queryRefund(ports, config, input) }),
    ...(transfer && { transfer: bindTransfer(channel.manifest, transfer, config) }),
    ...(split && { split: bindAll<SplitOperations<never>>(split, config) }),
    ...(bills && { bills: (ports, input) => bills(ports, config, input) }),
    ...(identity && {
      identity: {
        redirect: (input) => identity.redirect(config, input),
        codeParameter: identity.codeParameter,
        exchange: (ports, input) => identity.exchange(ports, config, input),
      },
    }),
    readCallback: (ports, call) => readCallback(channel, ports, config, call),
    acknowledge: (accepted) => channel.callback.acknowledge(accepted),
  }
}

/** A plugin that falls over has not verified anything: the call is refused, like any other. */
async function readCallback<Manifest extends ChannelManifest, Fields extends ConfigFields, Opened>(
  { manifest, callback }: Channel<Manifest, Fields, Opened>,
  ports: ChannelPorts,
  config: ConfigOf<Fields>,
  call: InboundCall,
): Promise<Result<CallbackFacts, CallbackRejection>> {
  try {
    const opened = await callback.verify(ports, config, call)
    return opened.ok ? callback.parse(config, opened.value) : opened
  } catch (error) {
    // By its name alone: its message may quote the call, which says who paid.
    const reason = `the plugin threw ${error instanceof Error ? error.name : typeof error}`
    ports.log.write('error', 'a callback could not be read', { channel: manifest.id, reason })
    return refuse({ code: 'malformed', reason })
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

function bindTransfer<Config>(
  manifest: ChannelManifest,
  transfer: TransferOperations<Config>,
  config: Config,
): NonNullable<BoundChannel['transfer']> {
  return {
    ...bindAll<TransferOperations<never>>(transfer, config),
    async send(ports, input) {
      const entry = manifest.transfers?.[input.entry]
      const extra = entry?.input.safeParse(input.extra)
      if (extra?.success) return transfer.send(ports, config, { ...input, extra: extra.data })
      const field = extra?.error.issues[0]?.path.join('.') ?? input.entry
      return { kind: 'not_sent', reason: `input ${field} does not fit ${manifest.id}` }
    },
  }
}

/** Gives each operation of a group its config. */
function bindAll<Group extends object>(group: object, config: unknown): Bound<Group> {
  const bound = Object.entries(group).map(([name, operation]) => [
    name,
    (ports: ChannelPorts, input: unknown) => operation(ports, config, input),
  ])
  // Under each name stands the operation that stood there, less its config: the very type `Bound`.
  return Object.fromEntries(bound) as Bound<Group>
}

function extraHosts<Fields extends ConfigFields>(
  fields: Fields,
  config: ConfigOf<Fields>,
): readonly string[] {
  return Object.entries(config).flatMap(([name, value]) =>
    fields[name]?.kind === 'url' && typeof value === 'string' ? [new URL(value).host] : [],
  )
}

/** Lines of a key each for itself too: texts quote parts of one. */
function secretsIn<Fields extends ConfigFields>(
  fields: Fields,
  config: ConfigOf<Fields>,
): readonly string[] {
  return Object.entries(config).flatMap(([name, value]) => {
    const kind = fields[name]?.kind
    if (typeof value !== 'string') return []
    if (kind === 'secret') return [value]
    if (kind !== 'private_key') return []
    return [value, ...value.split(/\s+/).filter((line) => line.length >= 32)]
  })
}
