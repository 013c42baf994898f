import { check } from './checker/index.ts'
import { createCleanHistory } from './checker/story/clean-history.ts'

const m = Number(process.argv[2])
const t0 = performance.now()
const h = await createCleanHistory({ seed: 5, messages: m, users: 8, groups: 12, pageEventsMax: 200 })
console.log(
  'gen ms',
  performance.now() - t0,
  'lines',
  h.length,
  'accepted',
  h.filter((l) => l.what === 'answered' && l.position !== null).length,
)
globalThis.gc?.()
console.log('heap with the history', process.memoryUsage().heapUsed / 2 ** 20)
const t2 = performance.now()
const c0 = process.cpuUsage()
let max = 0
const timer = setInterval(() => {
  max = Math.max(max, process.memoryUsage().rss)
}, 200)
console.log(await check(h))
clearInterval(timer)
const c = process.cpuUsage(c0)
console.log(
  'check ms',
  performance.now() - t2,
  'cpu ms',
  (c.user + c.system) / 1000,
  'maxrss',
  process.resourceUsage().maxRSS / 1024,
)
