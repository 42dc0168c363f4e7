export default function ({ data, parentElement, setTriggerValue }) {
  const button = parentElement.querySelector('button');
  button.onclick = () => {
    const corrected = (number) => setTriggerValue('corrected', number);
    const { dialog } = new Lightbox([data.picture], 0, data.correcting, corrected);
    button.after(dialog);
    dialog.showModal();
  };
}
