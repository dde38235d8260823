using System.Collections.Generic;
using Aurora.Base;

namespace Aurora.Testing;

/// <summary>Remembers which queues were woken, for tests without threads.</summary>
public sealed unsafe class RecordingWaker : ThreadWaker
{
    private readonly List<nint> _woken = [];

    public bool WasWoken(WaitQueue* queue) => _woken.Contains((nint)queue);

    public void Forget() => _woken.Clear();

    public override void BlockOn(void* thread, WaitQueue* queue) => Panic.Fail("host: a thread blocked where there are none"u8);

    public override void BlockAloneOn(void* thread, WaitQueue* queue) => BlockOn(thread, queue);

    public override void NoteLook(void* thread, WaitQueue* queue)
    {
    }

    public override void Wake(WaitQueue* queue) => _woken.Add((nint)queue);

    public override void WakeThreads(WaitQueue* queue) => _woken.Add((nint)queue);

    public override void WakeNext(WaitQueue* queue) => _woken.Add((nint)queue);

    public override void WakeNextThread(WaitQueue* queue) => _woken.Add((nint)queue);

    public override void Listen(ReadyWatch* watch, WaitQueue* queue, uint events)
    {
    }

    public override void StopListening(ReadyWatch* watch)
    {
    }

    public override void MakeReady(ReadyWatch* watch) => ReadyList.Append(watch);

    public override bool Watch(Watcher* watcher, WaitQueue* queue, uint events) => true;

    public override void Post(Watcher* watcher, uint events) => watcher->Posted |= events;

    public override void Unwatch(Watcher* watcher)
    {
    }

    public override void WakeAll(WaitQueue* queue) => _woken.Add((nint)queue);
}
