import { parseArgs } from 'node:util'
import { DatabaseError } from '../../../core/ports.ts'
import { account, settings } from './account.ts'
import { app } from './app.ts'
import { appSet } from './app-set.ts'
import { bills } from './bills.ts'
import { type Command, type Given, type Terminal, Wrong } from './command.ts'
import { lateMoney, lookAt, release, reopen } from './decide.ts'
import { fields } from './fields.ts'
import { merchant } from './merchant.ts'
import { openCore } from './open.ts'
import { passage } from './passage.ts'
import { receiverGroup } from './receiver-group.ts'
import { replay } from './replay.ts'
import { reseal } from './reseal.ts'
import { endOldSecret, rotateSecret } from './rotate-secret.ts'
import { serviceProvider } from './service-provider.ts'
import { work } from './work.ts'

const COMMANDS: Readonly<Record<string, Command>> = {
  merchant,
  app,
  'app-set': appSet,
  'rotate-secret': rotateSecret,
  'end-old-secret': endOldSecret,
  'service-provider': serviceProvider,
  fields,
  account,
  settings,
  passage,
  'receiver-group': receiverGroup,
  reseal,
  work,
  release,
  'late-money': lateMoney,
  'look-at': lookAt,
  reopen,
  replay,
  bills,
}

const WHERE = `Works on the database of TONGBAO_DATABASE_URL with TONGBAO_MASTER_KEY, or else on the
sandbox of this folder (.tongbao). Ends with 1 and one line when something is wrong.`

/**
 * Runs one command, as it was written on a command line.
 *
 * @returns the status to end with: 1 when something was wrong, which is said in one line
 */
export async function runOperate(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  terminal: Terminal,
): Promise<0 | 1> {
  try {
    await run(args, environment, terminal)
    return 0
  } catch (error) {
    terminal.remark(`tongbao: ${lineOf(error)}`)
    return 1
  }
}

async function run(
  [name, ...rest]: readonly string[],
  environment: NodeJS.ProcessEnv,
  terminal: Terminal,
): Promise<void> {
  if (name === undefined || name === 'help' || name === '--help') {
    terminal.print(helpOfAll())
    return
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) throw new Wrong(`there is no command ${name}: see --help`)
  const given = parse(command, rest)
  if (given === 'help') {
    terminal.print(helpOf(name, command))
    return
  }
  const { core, close } = await openCore(environment)
  try {
    await command.run({ core, ...terminal }, given)
  } finally {
    await close()
  }
}

function parse({ options }: Command, args: readonly string[]): Given | 'help' {
  const { values, positionals } = parsed(options, args)
  if (values.help === true) return 'help'
  const optionIfAny = (name: string) => {
    const value = values[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  return {
    placeIfAny: (at) => positionals[at],
    place(at, what) {
      const value = positionals[at]
      if (value === undefined || value === '') throw new Wrong(`${what} is missing: see --help`)
      return value
    },
    optionIfAny,
    option(name) {
      const value = optionIfAny(name)?.trim()
      if (value === undefined || value === '') throw new Wrong(`--${name} is missing: see --help`)
      return value
    },
    flag: (name) => values[name] === true,
  }
}

function parsed(
  options: Command['options'],
  args: readonly string[],
): { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] } {
  try {
    return parseArgs({
      args: [...args],
      options: { ...options, help: { type: 'boolean' } },
      allowPositionals: true,
    })
  } catch (error) {
    throw new Wrong(error instanceof Error ? (error.message.split('. ')[0] ?? '') : 'unreadable', {
      cause: error,
    })
  }
}

function helpOfAll(): string {
  const width = Math.max(...Object.keys(COMMANDS).map(({ length }) => length))
  const lines = Object.entries(COMMANDS).map(
    ([name, { does }]) => `  ${name.padEnd(width)}  ${does}`,
  )
  return ['npm run operate -- <command> [--help]', '', ...lines, '', WHERE].join('\n')
}

function helpOf(name: string, { usage, does }: Command): string {
  return `npm run operate -- ${name} ${usage}\n\n  ${does}`
}

function lineOf(error: unknown): string {
  if (error instanceof Wrong) return error.message
  if (error instanceof DatabaseError && error.message.includes('no such table')) {
    return 'the database has not the tables of this release: npm run migrate'
  }
  return error instanceof Error ? error.message : String(error)
}
