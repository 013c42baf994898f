import { registerHooks } from 'node:module'

/** Loaded into a process before its own code: it says on stderr what it loads, a line each. */
registerHooks({
  load: (url, context, next) => {
    process.stderr.write(`loaded ${url}\n`)
    return next(url, context)
  },
})
