using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.Images.Session;

/// <summary>The extended registers of the processor a session ran on, as far as its records show: no thread is ever given them.</summary>
internal sealed unsafe class HostExtendedState(ulong components) : ExtendedStateUnit
{
    private const ulong LegacyComponents = 3;
    private const ulong AvxComponent = 4;
    private const int LegacyBytes = 576;
    private const int AvxBytes = 256;

    public override ulong ComponentMask => components | LegacyComponents;
    public override int ImageBytes => (components & AvxComponent) != 0 ? LegacyBytes + AvxBytes : LegacyBytes;
    public override uint MxcsrMask => 0xFFFF;

    public override void Save(UserContext* context)
    {
    }

    public override void Load(UserContext* context)
    {
    }

    public override void Reset(UserContext* context)
    {
    }

    public override void Forget(UserContext* context)
    {
    }
}

/// <summary>The machine of a session that does not run.</summary>
internal sealed class NoMachine : MachineControl
{
    public override void SessionEnded(ObjectTracker group, int waitStatus) => Panic.Fail("host: a session that does not run has ended"u8);

    // Nobody waits for the programs of others here.
    public override unsafe void ProcessEnded(Process* process, int waitStatus)
    {
    }

    public override void PowerOff() => Panic.Fail("host: a session that does not run cuts the power"u8);

    public override void Restart() => Panic.Fail("host: a session that does not run restarts"u8);
}
