// The Aurora system calls that begin streams of regions: the number that each gives is read from with sls_stream_read, or written to with
// sls_stream_write. As with groups, it is the host's root who sends and receives; a copy of who asked did not ask, and after a start of the
// machine nobody did.
using System;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class RegionStreamCalls
{
    public static void Register(SystemCallTable table)
    {
        table.Register(RegionCalls.First + 11, &Send);
        table.Register(RegionCalls.First + 12, &Receive);
    }

    // msnap_send(name, epoch, since): the number of the stream.
    private static SystemCallResult Send(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (HasNumber(kernel, thread, out SystemCallResult answer))
            return answer;
        Span<byte> name = stackalloc byte[RegionRequest.MaxNameBytes];
        if (!SlsCalls.ReadName(kernel, thread, arguments->Arg0, ref name, out answer))
            return answer;
        RegionRequest request = RegionOrderCalls.RequestOf(thread, RegionRequestKind.Send);
        request.Epoch = arguments->Arg1;
        request.Since = arguments->Arg2;
        request.SetName(name);
        return RegionOrderCalls.Ask(kernel, thread, in request, out _);
    }

    // msnap_recv(name): the number of the stream.
    private static SystemCallResult Receive(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (HasNumber(kernel, thread, out SystemCallResult answer))
            return answer;
        Span<byte> name = stackalloc byte[RegionRequest.MaxNameBytes];
        if (!SlsCalls.ReadName(kernel, thread, arguments->Arg0, ref name, out answer))
            return answer;
        RegionRequest request = RegionOrderCalls.RequestOf(thread, RegionRequestKind.Receive);
        request.SetTarget(name);
        return RegionOrderCalls.Ask(kernel, thread, in request, out _);
    }

    // Who may not ask, and what has become of what was asked for: the ticket is the number. False when it is to be asked for.
    private static bool HasNumber(LinuxKernel kernel, Thread* thread, out SystemCallResult answer)
    {
        answer = default;
        bool isAsked = thread->Call.Phase == RegionOrderCalls.Asked;
        if (!kernel.Groups.IsHost(kernel.GroupOf(thread)) || !SlsCalls.MayAdminister(thread))
            answer = isAsked ? Errno.ECANCELED : Errno.EPERM;
        else if (!RegionOrderCalls.HasAnswer(kernel, thread, isOnce: true, out _, out answer))
            return false;
        else if (answer.Outcome == SystemCallOutcome.Done && answer.Value == 0)
            answer = (long)thread->Call.Progress;
        return true;
    }
}
