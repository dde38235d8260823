using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;

namespace Aurora.Linux.Tests;

/// <summary>A store whose room a test may change.</summary>
internal sealed class TestSpace : StorageSpace
{
    public StorageSpace Now { get; set; } = new();

    public override ulong KeptForRoot => Now.KeptForRoot;

    public override bool IsFullFor(ushort group) => Now.IsFullFor(group);

    public override void Describe(out ulong total, out ulong free) => Now.Describe(out total, out free);

    public override PageAccess Take(ushort group, ulong pages) => Now.Take(group, pages);
}

/// <summary>Interrupts that a test may have come.</summary>
internal sealed class TestPreemption : Preemption
{
    public Preemption Now { get; set; } = new();

    public override bool IsDue => Now.IsDue;
}
