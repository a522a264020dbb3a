const syllables =
  'ba be bo da de di do fa fe fi ga ge go ka ke ki ko la le li lo ma me mi mo na ne ni no pa pe po ra re ri ro sa se si so ta te ti to va ve vi vo'.split(
    ' ',
  );
const vocabulary = 5000;

/** A language whose words are about as frequent as those of any other: the nth as often as 1/n. */
export function wordsAsInSpeech(random: () => number): () => string {
  const words = Array.from({ length: vocabulary }, (_, number) => {
    let word = '';
    for (let rest = number + syllables.length; rest > 0; rest = Math.floor(rest / syllables.length))
      word += syllables[rest % syllables.length];
    return word;
  });
  const bounds: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= vocabulary; rank += 1) bounds.push((sum += 1 / rank));
  return () => {
    const sought = random() * sum;
    let [low, high] = [0, vocabulary - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((bounds[middle] ?? 0) < sought) low = middle + 1;
      else high = middle;
    }
    return words[low] ?? '';
  };
}
