import type { Device } from '@chat/testkit'

/** Devices that read as they go: cursors move while messages come. */
export interface Reading {
  /** Stops, and has every device read what it was shown to the end; resolves when the last cursor is acknowledged. */
  finish(): Promise<void>
}

/** Between two cursors of one device, ms. */
const readEveryMs = 500

export const startReading = (
  devices: readonly Device[],
  conversationsOf: (device: Device) => readonly string[],
): Reading => {
  const advance = (device: Device, conversation: string) => {
    // Dense from 1 on where nothing is missing; where something is, the cursor stays below it.
    const seq = device.shown(conversation).size
    return seq === 0 ? undefined : device.request('read', { conversation, seq })
  }
  let turn = 0
  const timer = setInterval(() => {
    for (const device of devices) {
      const conversations = conversationsOf(device)
      // A cursor that a kill swallows is behind the next one, as with any client.
      advance(device, conversations[turn % conversations.length] ?? '')?.catch(() => {})
    }
    turn++
  }, readEveryMs)
  return {
    finish: async () => {
      clearInterval(timer)
      for (const device of devices)
        for (const conversation of conversationsOf(device)) await advance(device, conversation)
    },
  }
}
