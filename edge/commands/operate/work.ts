import { listWork, WORK_KINDS, type WorkItem } from '../../../core/operator/work-list.ts'
import { type Command, type Operator, oneOf, Wrong } from './command.ts'

export const work: Command = {
  usage: `[${WORK_KINDS.join('|')}] [--limit <n>] [--after <cursor>] [--json]`,
  does: 'lists what goes on only when somebody has looked, with its evidence',
  options: { limit: { type: 'string' }, after: { type: 'string' }, json: { type: 'boolean' } },
  async run(operator, given) {
    const named = given.placeIfAny(0)
    const after = given.optionIfAny('after')
    const limit = given.optionIfAny('limit') ?? '50'
    if (!/^[1-9]\d{0,2}$/.test(limit)) throw new Wrong(`--limit is 1 to 999, not ${limit}`)
    if (after !== undefined && named === undefined) {
      throw new Wrong('--after goes on with one kind: name it')
    }
    const kinds = named === undefined ? WORK_KINDS : [oneOf('the kind', WORK_KINDS, named)]
    for (const kind of kinds) {
      const asked = { limit: Number(limit), after }
      const { items, next } = await listWork(operator.core, kind, asked)
      for (const item of items) {
        if (given.flag('json')) operator.print(JSON.stringify(item))
        else show(operator, item)
      }
      if (next !== undefined) operator.remark(`more: work ${kind} --after '${next}'`)
    }
  },
}

function show({ print }: Operator, item: WorkItem): void {
  print(`${item.kind.padEnd(13)} ${item.id}  since ${timeOf(item.sinceMs)}`)
  print(`    ${item.what}`)
  const facts = Object.entries(item.facts).filter(([, value]) => value !== null)
  print(`    ${facts.map(([name, value]) => `${name} ${value}`).join(', ')}`)
  for (const { kind, atMs, ...rest } of item.evidence) {
    print(`    ${timeOf(atMs)} ${kind} ${JSON.stringify(rest)}`)
  }
  if (item.can.length > 0) print(`    can be done: ${commandsFor(item).join(' | ')}`)
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}

function commandsFor({ id, can }: WorkItem): readonly string[] {
  return can.map((action) => COMMANDS[action]?.replace('{}', id) ?? action)
}

const COMMANDS: Readonly<Partial<Record<WorkItem['can'][number], string>>> = {
  release_accept: 'release {} --decision accept --note …',
  release_keep: 'release {} --decision keep --note …',
  late_accept: 'late-money {} --decision accept --note …',
  late_refund: 'late-money {} --decision refund --note …',
  look_at: 'look-at {} --note …',
  replay: 'replay {} --note …',
  reopen: 'reopen {} --note …',
  put_settings: 'settings {} --settings …',
  rotate_secret: 'rotate-secret {} --days 0',
}
