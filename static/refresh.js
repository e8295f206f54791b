// What is still coming in is looked at again, unless the reader has opened something.

const wait = Number(document.body.dataset.refresh) * 1000;
const isOpen = () => [...document.querySelectorAll(".kimi-container")].some((c) => c.childElementCount);

const timer = setInterval(() => {
  if (isOpen()) clearInterval(timer);
  else if (!document.hidden) location.reload();
}, wait);
