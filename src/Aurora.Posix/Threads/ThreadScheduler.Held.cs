// Groups that are held: one that has changed more than can be captured now, or that somebody has suspended. Its threads stay as they are,
// runnable or asleep; what becomes runnable queues up apart, so that picking the next thread of the others costs nothing more. A thread
// that is about to be picked is looked at once, when it comes to the front. Deadlines that pass meanwhile are put aside as well, and pass
// when
// the group goes on.
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Posix.Time;

namespace Aurora.Posix.Threads;

public sealed unsafe partial class ThreadScheduler
{
    private const byte HeldQueue = 3;

    /// <summary>True while no thread of the group runs.</summary>
    public bool IsHeld(ObjectTracker group) => _groups.At(group.Index)->IsHeld;

    /// <summary>From here on no thread of the group runs. The current one ends its turn.</summary>
    public void Hold(ObjectTracker group)
    {
        _groups.At(group.Index)->IsHeld = true;
        if (Current == null || Current->Header.Group != group.Index)
            return;
        Enqueue(Current, HeldQueue);
        RunnableCount--;
        Current = null;
    }

    /// <summary>The threads of the group run on, in the order in which they queued up.</summary>
    public void Resume(ObjectTracker group)
    {
        GroupThreads* threads = _groups.At(group.Index);
        threads->IsHeld = false;
        while (threads->Held.First != null)
        {
            Thread* thread = threads->Held.First;
            Dequeue(thread);
            RunnableCount++;
            Enqueue(thread, thread->IsInteractive ? InteractiveQueue : NormalQueue);
        }
        while (threads->Parked != null)
        {
            DeadlineNode* node = threads->Parked;
            ArmNode(node, (ObjectHeader*)node->Owner, node->Nanoseconds);
        }
    }

    private void ArmNode(DeadlineNode* node, ObjectHeader* owner, ulong nanoseconds)
    {
        Disarm(node);
        _deadlines.Arm(node, nanoseconds, _clocks.Of(owner).ToMachine(nanoseconds));
    }

    // It stays armed for everybody else.
    private void Park(DeadlineNode* node)
    {
        _deadlines.Disarm(node);
        GroupThreads* threads = _groups.At(((ObjectHeader*)node->Owner)->Group);
        node->IsArmed = node->IsParked = true;
        node->Next = threads->Parked;
        if (node->Next != null)
            node->Next->Previous = node;
        threads->Parked = node;
    }

    private void Unpark(DeadlineNode* node)
    {
        GroupThreads* threads = _groups.At(((ObjectHeader*)node->Owner)->Group);
        if (node->Previous != null)
            node->Previous->Next = node->Next;
        else
            threads->Parked = node->Next;
        if (node->Next != null)
            node->Next->Previous = node->Previous;
        node->Next = node->Previous = null;
        node->IsArmed = node->IsParked = false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool MustHold(Thread* thread) => _groups.At(thread->Header.Group)->IsHeld;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref RunQueue QueueOf(Thread* thread)
    {
        if (thread->RunQueue == HeldQueue)
            return ref HeldQueueOf(thread);
        return ref thread->RunQueue == InteractiveQueue ? ref _interactive : ref _normal;
    }

    private ref RunQueue HeldQueueOf(Thread* thread) => ref _groups.At(thread->Header.Group)->Held;
}
