/** How long a sign of life may take once it was asked for, ms. PROTOCOL §2. */
const answerMs = 10_000

/** Silence for one heartbeat asks for a sign of life (`onSilence`); silence after that is the end (`onDead`). */
export const createHeartbeat = ({ onSilence, onDead }) => {
  let everyMs = 25_000
  let timer
  const ask = () => {
    timer = setTimeout(onDead, answerMs)
    onSilence()
  }
  const heard = () => {
    clearTimeout(timer)
    timer = setTimeout(ask, everyMs)
  }
  return {
    /** As the server says it; it was heard just now. */
    every: (ms) => {
      everyMs = ms ?? everyMs
      heard()
    },
    heard,
    stop: () => clearTimeout(timer),
  }
}
