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
  return {
    every: (ms) => {
      everyMs = ms ?? everyMs
    },
    heard: () => {
      clearTimeout(timer)
      timer = setTimeout(ask, everyMs)
    },
    stop: () => clearTimeout(timer),
  }
}
