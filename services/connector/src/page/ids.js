/** Random ids of the page. `crypto.randomUUID` exists only on secure origins; the page also runs on http in a local network. */

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

const dashed = (digits) =>
  [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-')

const uuid = (bytes, version) => {
  bytes[6] = (bytes[6] & 0x0f) | (version << 4)
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  return dashed(hex(bytes))
}

export const uuidV4 = () => uuid(crypto.getRandomValues(new Uint8Array(16)), 4)

let lastMs = 0

/** A message id. Its time never goes back in this tab, whatever the computer's clock does. */
export const uuidV7 = () => {
  lastMs = Math.max(lastMs, Date.now())
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(lastMs / 2 ** (8 * (5 - i))) % 256
  return uuid(bytes, 7)
}

export const directConversation = (a, b) => `d${Math.min(a, b)}.${Math.max(a, b)}`
