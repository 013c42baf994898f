/** Loaded into every service of a site before its own code: on SIGUSR2 it drops what it does not hold, so that the rest can be measured. */
const { gc } = globalThis
if (gc === undefined) throw new Error('garbage cannot be collected: node runs without --expose-gc')

process.on('SIGUSR2', () => void gc({ type: 'major', execution: 'sync', flavor: 'last-resort' }))
