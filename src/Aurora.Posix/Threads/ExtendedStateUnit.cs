using Aurora.Base;

namespace Aurora.Posix.Threads;

/// <summary>
/// The processor's extended registers (x87, SSE, AVX) as the executive needs them. Between traps the live values are in the processor and
/// in the context's Xmm and Mxcsr; the XSAVE image of a thread is current only after <see cref="Save"/>.
/// </summary>
public abstract unsafe class ExtendedStateUnit
{
    /// <summary>XCR0: the components the machine saves.</summary>
    public abstract ulong ComponentMask { get; }

    /// <summary>
    /// The size of a standard-format XSAVE image with these components; <see cref="UserContext.ExtendedStateBytes"/> has room for a word
    /// behind it, which signal frames end with.
    /// </summary>
    public abstract int ImageBytes { get; }

    /// <summary>The MXCSR bits the processor implements.</summary>
    public abstract uint MxcsrMask { get; }

    /// <summary>Makes the context's XSAVE image hold the thread's whole extended state, Xmm and Mxcsr included.</summary>
    public abstract void Save(UserContext* context);

    /// <summary>Makes the XSAVE image (already checked: no reserved bit set) the thread's extended state, Xmm and Mxcsr included.</summary>
    public abstract void Load(UserContext* context);

    /// <summary>Gives the thread the state of a fresh program.</summary>
    public abstract void Reset(UserContext* context);

    /// <summary>The thread has ended: nothing may be saved into its context any more.</summary>
    public abstract void Forget(UserContext* context);
}
