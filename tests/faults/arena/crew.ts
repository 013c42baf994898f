import type { Clock } from '@chat/runtime'
import type { Account, Device } from '@chat/testkit'
import { createRecordingDevice } from '../client.ts'
import type { Recorder } from '../recorder.ts'
import { createKeepUp, type KeepUp } from './keep-up.ts'

/** The devices of an arena: recorded, and kept up to date as an app would. */
export interface Crew {
  readonly devices: readonly Device[]
  /** One more; not connected yet. */
  add(account: Account, urls: readonly string[]): Device
  connect(): Promise<void>
  /** They stay connected, and sync no more by themselves. */
  rest(): void
  /** They can connect again. */
  close(): Promise<void>
}

export const createCrew = (options: {
  readonly clock: Clock
  readonly recorder: Recorder
  /** Whom all of them watch. */
  readonly watched: () => readonly number[]
}): Crew => {
  const { clock, recorder, watched } = options
  const devices: Device[] = []
  const keepUps: KeepUp[] = []
  const rest = () => {
    for (const keepUp of keepUps) keepUp.stop()
  }
  return {
    devices,
    add: (account, urls) => {
      const keepUp = createKeepUp(clock, watched)
      const device = createRecordingDevice(recorder, { urls, account, observer: keepUp.observer })
      devices.push(device)
      keepUps.push(keepUp)
      keepUp.start(device)
      return device
    },
    connect: async () => {
      await Promise.all(devices.map((device) => device.connect()))
    },
    rest,
    close: async () => {
      await Promise.allSettled(devices.map((device) => device.close()))
    },
  }
}
