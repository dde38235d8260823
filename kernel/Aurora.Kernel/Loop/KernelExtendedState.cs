using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Core;
using Aurora.Posix.Threads;

namespace Aurora.Kernel;

/// <summary>
/// Tracks whose x87 and AVX state the processor holds. It stays there while the kernel runs and moves only when another thread is about to
/// run, or when somebody asks for the image (capture, fork, signal frames).
/// </summary>
internal sealed unsafe class KernelExtendedState : ExtendedStateUnit
{
    private UserContext* _owner;

    public override ulong ComponentMask => ExtendedState.Components;
    public override int ImageBytes => ExtendedState.ImageBytes;
    public override uint MxcsrMask => ExtendedState.MxcsrBits;

    /// <summary>Makes the processor hold the state of the thread about to run.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MakeCurrent(UserContext* context)
    {
        if (_owner != context)
            SwitchTo(context);
    }

    private void SwitchTo(UserContext* context)
    {
        // A malformed image has been replaced by the initial state; the thread asked for it.
        ExtendedState.Switch(_owner, context);
        _owner = context;
    }

    public override void Save(UserContext* context)
    {
        if (_owner == context)
            ExtendedState.Save(context);
        else
            ExtendedState.StoreSse(context);
    }

    public override void Load(UserContext* context)
    {
        Forget(context);
        ExtendedState.TakeSse(context);
    }

    public override void Reset(UserContext* context)
    {
        Forget(context);
        ExtendedState.Reset(context);
    }

    public override void Forget(UserContext* context)
    {
        UserMode.Forget(context);
        if (_owner == context)
            _owner = null;
    }
}
