/** The one rule for readers of the log, with readers that follow it. They stand in docs/reading-the-log.md as well. */
export const logRule = `A record counts if and only if its offset equals its header \`pos\`. Leave out every other one: it was written by a router that had been overtaken, nobody was told that it happened, and what it says mostly stands in the log a second time.`

export const typeScriptReader = `import { Kafka } from 'kafkajs'

const consumer = new Kafka({ brokers: ['127.0.0.1:9092'] }).consumer({ groupId: 'my-reader' })
await consumer.subscribe({ topic: 'chat.events.v1', fromBeginning: true })
await consumer.run({
  eachMessage: async ({ partition, message }) => {
    if (message.headers?.pos?.toString() !== message.offset) return // written by one who was overtaken
    console.log(partition, message.offset, message.headers.type?.toString())
  },
})
`

export const pythonReader = `from kafka import KafkaConsumer

consumer = KafkaConsumer("chat.events.v1", bootstrap_servers="127.0.0.1:9092", group_id="my-reader", auto_offset_reset="earliest")
for record in consumer:
    headers = {name: value.decode() for name, value in record.headers}
    if headers.get("pos") != str(record.offset):
        continue  # written by one who was overtaken
    print(record.partition, record.offset, headers["type"])
`
