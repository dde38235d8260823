// What process 1 of a group begins with: the strings somebody gave when he asked for the group, kept until it has begun. Only then is the
// group captured for the first time, so they need not be saved. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;

namespace Aurora.Checkpoint;

/// <summary>The first programs of groups that are being started.</summary>
public sealed unsafe class GroupPrograms(PageAllocator pages, TrackedObjects tracked)
{
    private struct Program
    {
        public byte* Text;
        public int Bytes;
        public int ArgumentCount;
        public int EnvironmentCount;
        public Errno Failure;
    }

    private readonly GroupTable<Program> _programs = new(tracked);

    /// <summary>Gives a group strings, which stay where they are; they are freed with <see cref="Forget"/>.</summary>
    internal void Set(ObjectTracker group, GroupOrder* order)
    {
        *_programs.At(group.Index) = new Program
        {
            Text = order->Text, Bytes = order->TextBytes, ArgumentCount = order->ArgumentCount, EnvironmentCount = order->EnvironmentCount,
        };
        order->Text = null;
    }

    /// <summary>The strings of a group; empty when it has none.</summary>
    public ProgramStrings Of(ObjectTracker group)
    {
        Program* program = _programs.At(group.Index);
        return new ProgramStrings(new ReadOnlySpan<byte>(program->Text, program->Bytes), program->ArgumentCount, program->EnvironmentCount);
    }

    /// <summary>The program could not be started.</summary>
    public void Fail(ObjectTracker group, Errno error) => _programs.At(group.Index)->Failure = error;

    /// <summary>Why it could not; Ok as long as nobody has said so.</summary>
    public Errno FailureOf(ObjectTracker group) => _programs.At(group.Index)->Failure;

    /// <summary>The program runs, or never will.</summary>
    public void Forget(ObjectTracker group)
    {
        Program* program = _programs.At(group.Index);
        if (program->Text != null)
            pages.Free(program->Text, (int)PageSize.PagesFor((ulong)program->Bytes));
        *program = default;
    }
}
