// The kernel's events in order, and whoever waits for one. A wait reads from a cursor that only moves forward, so an event that came
// before the wait began is found, and two waits in a row find two events. The log keeps the newest events only: a machine may run for
// days and report a hundred durable checkpoints a second.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Aurora.Qemu;

/// <summary>An append-only log of control events that can be awaited.</summary>
public sealed class EventLog
{
    private const int Capacity = 16384;

    private readonly Lock _lock = new();
    private readonly Queue<ControlEvent> _events = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _firstIndex;
    private long _cursor;
    private string? _ended;

    /// <summary>Raised for every event, those about programs that are run included, on the reading task.</summary>
    public event Action<ControlEvent>? Received;

    /// <summary>The newest checkpoint reported durable; zero for none.</summary>
    public ulong DurableEpoch { get; private set; }

    /// <summary>The last lines, for a message that explains a failure.</summary>
    public string Tail(int lines = 40)
    {
        lock (_lock)
            return string.Join('\n', _events.Where(item => item is not DurableEvent).TakeLast(lines).Select(item => item.Line));
    }

    /// <summary>Every event still kept.</summary>
    public IReadOnlyList<ControlEvent> Snapshot()
    {
        lock (_lock)
            return [.. _events];
    }

    /// <summary>Waits for the next event of a type, from where the last wait ended.</summary>
    /// <remarks>A panic or a refusal ends every wait that does not ask for it, and so does the end of the machine.</remarks>
    public async Task<T> WaitAsync<T>(TimeSpan deadline, Func<T, bool>? condition = null, CancellationToken cancellation = default)
        where T : ControlEvent
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer.CancelAfter(deadline);
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (TryTake(condition) is { } found)
                    return found;
                if (_ended != null)
                    throw Failure<T>(_ended);
                changed = _changed.Task;
            }
            try
            {
                await changed.WaitAsync(timer.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw Failure<T>($"nothing within {deadline.TotalSeconds:0.#} s");
            }
        }
    }

    internal void Add(ControlEvent item)
    {
        // Who has it run hears of it; the log is about the machine.
        if (item is not ExecEvent)
            Keep(item);
        Received?.Invoke(item);
    }

    private void Keep(ControlEvent item)
    {
        lock (_lock)
        {
            if (item is DurableEvent durable)
                DurableEpoch = durable.Epoch;
            _events.Enqueue(item);
            if (_events.Count > Capacity)
            {
                _events.Dequeue();
                _firstIndex++;
            }
            Signal();
        }
    }

    internal void End(string reason)
    {
        lock (_lock)
        {
            _ended ??= reason;
            Signal();
        }
    }

    private T? TryTake<T>(Func<T, bool>? condition)
        where T : ControlEvent
    {
        _cursor = Math.Max(_cursor, _firstIndex);
        foreach (ControlEvent item in _events.Skip((int)(_cursor - _firstIndex)))
        {
            _cursor++;
            if (item is T match && (condition == null || condition(match)))
                return match;
            if (item is PanicEvent or RefusedEvent)
                throw Failure<T>(item.Line);
        }
        return null;
    }

    private MachineException Failure<T>(string reason)
        => new($"awaiting {typeof(T).Name}: {reason}\n--- kernel log ---\n{Tail()}");

    private void Signal()
    {
        _changed.SetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
