export default function ({ data, parentElement, setTriggerValue }) {
  const button = parentElement.querySelector('button');
  button.onclick = () => {
    const corrected = (number) => setTriggerValue('corrected', number);
    openLarge(button, [data.picture], 0, data.correcting, corrected);
  };
}
