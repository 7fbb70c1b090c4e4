import { type Command, Wrong } from './command.ts'

export const fields: Command = {
  usage: '<channel>',
  does: 'lists the settings that an account of a channel has, and the ways that it offers',
  options: {},
  async run({ core, print }, given) {
    const id = given.place(0, 'the channel')
    const channel = core.channels.get(id)
    if (channel === undefined) {
      throw new Wrong(
        `channel ${id} is not here; these are: ${[...core.channels.keys()].join(', ')}`,
      )
    }
    for (const [name, field] of Object.entries(channel.fields)) {
      const choices = field.kind === 'choice' ? ` (${field.choices.join(', ')})` : ''
      const need = field.required ? 'required' : 'optional'
      print(`${name}  ${field.kind}${choices}, ${need}, of the ${field.scope.replace('_', ' ')}`)
      print(`    ${field.label.en}: ${field.hint.en}`)
    }
    print(`ways: ${Object.keys(channel.manifest.ways).join(' ')}`)
    const entries = Object.keys(channel.manifest.transfers ?? {}).map((entry) => `${id}:${entry}`)
    if (entries.length > 0) print(`transfers: ${entries.join(' ')}`)
  },
}
