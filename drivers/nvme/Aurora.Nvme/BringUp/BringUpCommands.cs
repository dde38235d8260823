namespace Aurora.Nvme;

/// <summary>The admin command of a bring-up state that waits for one.</summary>
internal sealed class BringUpCommands(BringUpState state, BringUpProgress progress, NvmeOptions options)
{
    /// <summary>Enters a state with the command it waits for.</summary>
    public void Begin(NvmeState next, in SubmissionEntry command)
    {
        progress.Enter(next, options.AdminTimeoutNanoseconds);
        state.Admin!.Begin(command);
    }

    /// <summary>Looks once for the completion of the state's command, whatever its status; false while there is none.</summary>
    public bool TryFinish(out CompletionEntry completion)
    {
        switch (state.Admin!.Poll(out completion))
        {
            case AdminOutcome.Completed:
                return true;
            case AdminOutcome.Event:
                return false;
            case AdminOutcome.BadCompletion:
                NvmeLog.BadCompletion(0, in completion, 1);
                progress.Fail(NvmeFault.AdminProtocol);
                return false;
            default:
                progress.RestWhileAlive();
                return false;
        }
    }

    /// <summary>The same for a command that must succeed.</summary>
    public bool TryFinishRequired(out CompletionEntry completion)
    {
        if (!TryFinish(out completion))
            return false;
        if (completion.Status.IsSuccess)
            return true;
        state.FailedStatus = completion.Status;
        progress.Fail(NvmeFault.AdminCommandFailed);
        return false;
    }
}
