import { type Clock, sleep } from '@chat/runtime'
import type { Measured } from '../history.ts'
import { measure } from '../measure.ts'
import type { Recorder } from '../recorder.ts'
import type { Site } from '../site/site.ts'

/** Under traffic, until what a process compiles, opens and fills once is there, ms. */
export const warmUpMs = 30_000

/** Longer than connections to the database are kept idle (10 s), and a statement may take (6 s), ms. */
const settleMs = 15_000

/** Of each process, this far apart, ms. */
const samples = 3
const sampleEveryMs = 1_000

/** What every process of the site holds without its garbage. Nobody may be connected. */
export const measureAll = async (
  { clock, site, recorder }: { readonly clock: Clock; readonly site: Site; readonly recorder: Recorder },
  phase: Measured['phase'],
): Promise<void> => {
  // Requests over HTTP leave connections open, of clients that are this process.
  for (const proxy of site.links.clients) await proxy.cut()
  for (const proxy of site.links.clients) await proxy.heal()
  await sleep(clock, settleMs)
  for (let sample = 0; sample < samples; sample++) {
    await sleep(clock, sampleEveryMs)
    for (const seat of site.seats) {
      const service = await seat.whenTaken()
      service.kill('SIGUSR2')
      await measure(recorder, service, phase)
    }
  }
}
