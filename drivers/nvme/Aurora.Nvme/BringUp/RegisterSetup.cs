// The states that work with registers: from whatever the controller was doing to enabled, with its admin queue in place.
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>Disables and enables the controller.</summary>
internal sealed unsafe class RegisterSetup(
    BringUpState state, NvmeRegisters registers, NvmeHost host, BringUpProgress progress, Identification identification)
{
    public void ReadCapabilities()
    {
        var capabilities = new ControllerCapabilities(registers.Read64(NvmeRegister.Capabilities));
        if (capabilities.IsAllOnes)
        {
            progress.Fail(NvmeFault.Removed);
            return;
        }
        if (state.IsReset && capabilities.Raw != state.Capabilities.Raw)
        {
            progress.Fail(NvmeFault.IdentityChanged);
            return;
        }
        state.Capabilities = capabilities;
        state.Version = new NvmeVersion(registers.Read32(NvmeRegister.Version));
        state.ReadyTimeoutNanoseconds = ReadReadyTimeout();
        NvmeFault refusal = CheckCapabilities();
        if (refusal != NvmeFault.None)
        {
            progress.Fail(refusal);
            return;
        }
        bool enabled = (registers.Read32(NvmeRegister.Configuration) & ControllerConfiguration.Enable) != 0;
        bool ready = progress.NoteStatus().IsReady;

        // EN must not be cleared while the controller is still on its way to ready (§3.1.5).
        progress.Enter(enabled && !ready ? NvmeState.WaitReadyBeforeDisable : NvmeState.Disable, state.ReadyTimeoutNanoseconds);
    }

    public void Disable()
    {
        uint configuration = registers.Read32(NvmeRegister.Configuration);
        if ((configuration & ControllerConfiguration.Enable) != 0)
            registers.Write32(NvmeRegister.Configuration,
                configuration & ~(ControllerConfiguration.Enable | ControllerConfiguration.ShutdownMask));
        progress.Enter(NvmeState.WaitDisabled, state.ReadyTimeoutNanoseconds);
    }

    public void ConfigureAdminQueues()
    {
        if (state.IsReset)
            Recall();
        else if (!AllocateAdmin())
        {
            progress.Fail(NvmeFault.OutOfMemory);
            return;
        }
        registers.Write32(NvmeRegister.AdminQueueAttributes, AdminQueueAttributes.Encode(AdminQueue.Entries, AdminQueue.Entries));
        registers.Write64(NvmeRegister.AdminSubmissionQueue, host.PhysicalOf(state.Admin!.SubmissionMemory));
        registers.Write64(NvmeRegister.AdminCompletionQueue, host.PhysicalOf(state.Admin.CompletionMemory));
        progress.Enter(NvmeState.Enable, 0);
    }

    public void Enable()
    {
        registers.Write32(NvmeRegister.Configuration, ControllerConfiguration.Running);
        progress.Enter(NvmeState.WaitReady, state.ReadyTimeoutNanoseconds);
    }

    /// <summary>Looks once whether CSTS.RDY has the wanted value and goes on to the next state when it has.</summary>
    public bool AwaitReady(bool wanted, NvmeState next)
    {
        ControllerStatus status = progress.NoteStatus();
        if (status.IsAllOnes)
            progress.Fail(NvmeFault.Removed);
        else if (wanted && status.IsFatal && state.State == NvmeState.WaitReady)
            progress.Fail(NvmeFault.FatalStatus);
        else if (status.IsReady == wanted || (wanted && status.IsFatal))
        {
            progress.Enter(next, 0);
            return true;
        }
        else
            progress.RestOrFail(NvmeFault.ReadyTimeout);
        return false;
    }

    public void AwaitEnabled()
    {
        if (AwaitReady(true, NvmeState.IdentifyController))
            identification.Begin();
    }

    // The controller is disabled: nothing of its earlier life can reach memory any more.
    private void Recall()
    {
        foreach (QueuePair pair in state.Pairs)
            state.Recalled += pair.Recall();
        state.Admin!.Reset();
    }

    private bool AllocateAdmin()
    {
        state.Admin = AdminQueue.Allocate(host.Pages, registers, new DoorbellLayout(state.Capabilities));
        state.Scratch = host.Pages.Allocate(1);
        state.Drain = (BlockRequest*)host.Pages.Allocate(1);
        return state.Admin != null && state.Scratch != null && state.Drain != null;
    }

    private ulong ReadReadyTimeout()
    {
        const ulong UnitNanoseconds = 500_000_000;
        ulong timeout = state.Capabilities.ReadyTimeoutNanoseconds;
        if (!state.Capabilities.HasReadyTimeouts)
            return timeout;
        ulong withMedia = (registers.Read32(NvmeRegister.ReadyTimeouts) & 0xFFFF) * UnitNanoseconds;
        return withMedia > timeout ? withMedia : timeout;
    }

    private NvmeFault CheckCapabilities()
    {
        if (!state.Capabilities.HasNvmCommandSet)
            return NvmeFault.NoNvmCommandSet;
        if (state.Capabilities.MinimumPageShift > 12)
            return NvmeFault.PageSizeUnsupported;
        bool doorbellsFit = new DoorbellLayout(state.Capabilities).EndBytes(1) <= registers.LengthBytes;
        return doorbellsFit ? NvmeFault.None : NvmeFault.DoorbellsBeyondRegisters;
    }
}
