import { isLocal, type PluginEntry } from './manifest.ts'

/**
 * The modules that a bundler follows to the plugins. Workers cannot import by a variable name, so
 * what plugins.manifest.json declares is written out as code.
 */
export function channelsModule(channels: readonly PluginEntry[]): string {
  return `// Made from plugins.manifest.json by \`npm run registry\`; not to be edited.
${imports([
  "import type { AnyChannel } from '../core/plugin/api.ts'",
  ...channels.map(({ id, module, export: name }) => importAs(id, module, name)),
])}

/** The channels that this deployment carries. */
export const channels: readonly AnyChannel[] = ${list(channels.map(({ id }) => id))}
`
}

/** Apart from the channels, so that no simulator gets into a live bundle. */
export function simulatorsModule(channels: readonly PluginEntry[]): string {
  const simulated = channels.flatMap(({ id, sandbox }) => (sandbox ? [{ id, sandbox }] : []))
  return `// Made from plugins.manifest.json by \`npm run registry\`; not to be edited.
${imports([
  "import type { Simulator, SimulatorPorts } from '../core/plugin/simulator.ts'",
  ...simulated.map(({ id, sandbox }) => importAs(id, sandbox.module, sandbox.export)),
])}

/** Opens the simulator of each channel that has one, by the channel's id. Sandbox mode only. */
export const simulators: Readonly<Record<string, (ports: SimulatorPorts) => Simulator>> = {
${simulated.map(({ id }) => `  ${id},\n`).join('')}}
`
}

/** Under the channel's id, since two packages may well give their exports the same name. */
function importAs(id: string, module: string, name: string): string {
  const from = isLocal(module) ? `.${module}` : module
  return `import { ${name === id ? id : `${name} as ${id}`} } from '${from}'`
}

/** In the formatter's order: packages, then files. */
function imports(lines: readonly string[]): string {
  const source = (line: string) => line.slice(line.lastIndexOf(' from '))
  const key = (line: string) => `${source(line).includes("'.") ? 1 : 0}${source(line)}`
  return lines.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)).join('\n')
}

/** On one line while it fits, as the formatter would have it. */
function list(names: readonly string[]): string {
  const line = `[${names.join(', ')}]`
  const before = 'export const channels: readonly AnyChannel[] = '.length
  if (before + line.length <= 100) return line
  return `[\n${names.map((name) => `  ${name},\n`).join('')}]`
}
