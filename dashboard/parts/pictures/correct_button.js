export default function ({ data, parentElement, setTriggerValue }) {
  const button = parentElement.querySelector('button');
  const told = JSON.stringify(data.correcting.told);
  const open = button.lightbox && button.lightbox.dialog.isConnected ? button.lightbox : null;
  if (open && button.dataset.told !== told) open.refresh(data.correcting);
  button.dataset.told = told;
  button.onclick = () => {
    button.lightbox = new Lightbox([data.picture], 0, data.correcting, (change) => setTriggerValue('corrected', change));
    button.after(button.lightbox.dialog);
    button.lightbox.dialog.showModal();
  };
}
