"""Several devices on PyTorch: a process each, started by `torchrun`.

Each takes its part of a batch. Gradients are averaged over the processes between a turn's
`gradients` and `apply`. That is what `DistributedDataParallel` does; but it does so for one call of
one module and the `.grad` of all that it holds, where a turn calls several networks several times
and moves some of them.
"""

import contextlib
import datetime
import os

import torch
from torch import distributed

from kerasgan.engine import by_keras

spread = by_keras.as_it_is

LOST = (
    "Another process of this training has ended, and so does this one. Run the same command again: "
    "it goes on after the last whole epoch."
)
# Whether a step is under way, in which all processes do the same: a callback may be in one alone.
_together = False


@contextlib.contextmanager
def over(n):
    started = int(os.environ.get("WORLD_SIZE", 1))
    if n not in (None, started):
        raise ValueError(
            f"On PyTorch a process trains on one device, so that {n} take as many processes: "
            f"torchrun --nproc-per-node {n} -m kerasgan train … without --devices."
        )
    if started == 1 or distributed.is_initialized():
        yield
        return
    if on_gpu := torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    # The first process writes, draws and measures after an epoch, while the others wait.
    distributed.init_process_group("nccl" if on_gpu else "gloo", timeout=datetime.timedelta(days=1))
    with contextlib.ExitStack() as stack:
        stack.callback(distributed.destroy_process_group)
        if not is_first():
            nowhere = stack.enter_context(open(os.devnull, "w"))
            stack.enter_context(contextlib.redirect_stdout(nowhere))
        yield


def number():
    return distributed.get_world_size() if distributed.is_initialized() else 1


def part():
    return distributed.get_rank()


def is_first():
    return int(os.environ.get("RANK", 0)) == 0


def begin(variables):
    if number() > 1:
        for variable in variables:
            value = variable.value.detach().contiguous()
            distributed.broadcast(value, 0)
            variable.assign(value)


def share(batch):
    n = number()
    if n == 1:
        return batch
    if uneven := {name: len(x) for name, x in batch.items() if len(x) % n}:
        raise ValueError(
            f"{n} processes take an equal part of every batch, the last one too. Received a batch "
            f"of {uneven}."
        )
    return {name: x[len(x) // n * part() :][: len(x) // n] for name, x in batch.items()}


def in_step():
    return number() if _together else 1


@contextlib.contextmanager
def replica(model):
    global _together
    if number() == 1:
        yield
        return
    before = {id(v): v.value.detach().clone() for v in model.metrics_variables}
    # Drawn from what all have in common, and left to it when the step is over.
    seed = int(torch.randint(2**31, ())) + part()
    own = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(own), by_keras.own_seeds(model, part()):
        torch.manual_seed(seed)
        _together = True
        try:
            yield
            _sum_metrics(model.metrics_variables, before)
        except RuntimeError as error:
            if isinstance(error, distributed.DistError) or "gloo" in str(error):
                raise ConnectionError(LOST) from error
            raise
        finally:
            _together = False


def _sum_metrics(variables, before):
    with torch.no_grad():
        changes = [v.value - before.get(id(v), 0.0) for v in variables]
        for v, change, total in zip(variables, changes, _summed(changes)):
            v.assign(v.value - change + total)


def averaged(loss, gradients):
    """The means over all processes of a loss and of gradients, of which some may be None."""
    if in_step() == 1:
        return loss, gradients
    there = [g for g in gradients if g is not None]
    mean, *sums = (total / number() for total in _summed([loss, *there]))
    for gradient, value in zip(there, sums):
        # In place: it has the order in memory of its variable.
        gradient.copy_(value)
    return mean, gradients


def _summed(tensors):
    # In one call: each would wait for all processes.
    whole = torch.cat([t.reshape(-1).float() for t in tensors])
    distributed.all_reduce(whole)
    parts = whole.split([t.numel() for t in tensors])
    return [p.reshape(t.shape).to(t.dtype) for p, t in zip(parts, tensors)]


def mean(x):
    """The mean over all processes, through which gradients flow."""
    return _Sum.apply(x) / number()


class _Sum(torch.autograd.Function):
    """The sum over all processes, which all get, and so is its gradient."""

    @staticmethod
    def forward(context, x):
        total = x.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(context, gradient):
        return _Sum.apply(gradient)
