using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>From one state of bring-up to the next, or to a failure; and what the status register says meanwhile.</summary>
internal sealed class BringUpProgress(BringUpState state, NvmeRegisters registers, NvmeHost host)
{
    public void Enter(NvmeState next, ulong timeoutNanoseconds)
    {
        state.State = next;
        state.Deadline = host.Clock.MonotonicNanoseconds + timeoutNanoseconds;
    }

    public void Fail(NvmeFault fault) => state.Fault = fault;

    /// <summary>What the state waits for has not happened: it waits on, or it is too late.</summary>
    public void RestOrFail(NvmeFault late)
    {
        if (host.Clock.MonotonicNanoseconds > state.Deadline)
            Fail(late);
        else
            state.IsResting = true;
    }

    /// <summary>As <see cref="RestOrFail"/>, for states that wait for a command.</summary>
    public void RestWhileAlive()
    {
        ControllerStatus status = NoteStatus();
        if (status.IsAllOnes)
            Fail(NvmeFault.Removed);
        else if (status.IsFatal)
            Fail(NvmeFault.FatalStatus);
        else
            RestOrFail(NvmeFault.AdminTimeout);
    }

    /// <summary>Reads CSTS and remembers what it says about the volatile write cache.</summary>
    public ControllerStatus NoteStatus()
    {
        var status = new ControllerStatus(registers.Read32(NvmeRegister.Status));
        if (status.IsAllOnes)
            return status;
        state.IsCacheAtRisk |= status.IsFatal || status.HadSubsystemReset;
        if (status.HadSubsystemReset)
            registers.Write32(NvmeRegister.Status, ControllerStatus.SubsystemResetBit);
        return status;
    }
}
