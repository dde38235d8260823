// The x87 and AVX registers. They stay in the processor while the kernel runs (kernel code uses only the SSE halves, which entry saves
// in the UserContext) and move to and from a thread's XSAVE image when another thread is to run, or when the image is wanted: capture,
// signal frames. XMM and MXCSR in an image come from the UserContext, never from the registers, which hold the kernel's values.
//
// Image (Intel SDM vol. 1, 13.4): legacy region of 512 bytes (MXCSR at 24, XMM at 160), header at 512 (XSTATE_BV first), AVX at 576.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Core;

/// <summary>Saves and loads extended register state.</summary>
public static unsafe class ExtendedState
{
    /// <summary>x87 and SSE.</summary>
    internal const ulong LegacyComponents = 3;

    private const ulong SseComponent = 2;
    private const ulong AvxComponent = 4;
    private const int ControlWordOffset = 0;
    private const int MxcsrOffset = 24;
    private const int XmmOffset = 160;
    private const int XmmBytes = 256;
    private const int HeaderOffset = 512;
    private const int AvxOffset = 576;
    private const uint MxcsrMask = 0xFFFF;
    private const ushort InitialControlWord = 0x37F;
    private const uint InitialMxcsr = 0x1F80;

    /// <summary>The components enabled in XCR0: x87, SSE and, where the processor has it, AVX.</summary>
    internal static ulong EnabledComponents => CpuFeatures.HasAvx ? LegacyComponents | AvxComponent : LegacyComponents;

    /// <summary>The enabled components, as XCR0 has them.</summary>
    public static ulong Components => EnabledComponents;

    /// <summary>The size of an image with the enabled components: legacy region and header, and the upper YMM halves.</summary>
    public static int ImageBytes => CpuFeatures.HasAvx ? AvxOffset + XmmBytes : AvxOffset;

    /// <summary>The MXCSR bits a program may set.</summary>
    public static uint MxcsrBits => MxcsrMask;

    /// <summary>
    /// Makes <paramref name="to"/> the owner of the extended registers, saving those of <paramref name="from"/> first (null: nothing to
    /// save, nobody to load). False when the image of <paramref name="to"/> is malformed: it then has the initial state. XMM and MXCSR of
    /// <paramref name="from"/> stay where they are, in its context.
    /// </summary>
    public static bool Switch(UserContext* from, UserContext* to)
    {
        if (from != null)
            SaveRegisters(from);
        return to == null || Load(to);
    }

    /// <summary>Brings the image of the thread that owns the registers up to date; the registers keep their values.</summary>
    public static void Save(UserContext* owner)
    {
        SaveRegisters(owner);
        StoreSse(owner);
    }

    // All but what the context has.
    private static void SaveRegisters(UserContext* owner)
    {
        if (CpuFeatures.HasXsave)
            state_save(owner->ExtendedState, EnabledComponents & ~SseComponent);
        else
            state_save_legacy(owner->ExtendedState);
    }

    /// <summary>Copies the thread's live XMM and MXCSR into its image.</summary>
    public static void StoreSse(UserContext* owner)
    {
        byte* image = owner->ExtendedState;
        new ReadOnlySpan<byte>(owner->Xmm, XmmBytes).CopyTo(new Span<byte>(image + XmmOffset, XmmBytes));
        *(uint*)(image + MxcsrOffset) = owner->Mxcsr;
        *(ulong*)(image + HeaderOffset) |= SseComponent;
    }

    /// <summary>Copies XMM and MXCSR from the thread's image into its context: after the image came from a record or a signal frame.</summary>
    public static void TakeSse(UserContext* owner)
    {
        byte* image = owner->ExtendedState;
        var live = new Span<byte>(owner->Xmm, XmmBytes);
        if (CpuFeatures.HasXsave && (*(ulong*)(image + HeaderOffset) & SseComponent) == 0)
            live.Clear();
        else
            new ReadOnlySpan<byte>(image + XmmOffset, XmmBytes).CopyTo(live);
        owner->Mxcsr = *(uint*)(image + MxcsrOffset);
    }

    /// <summary>Loads the registers from an image. False when it is malformed: image and registers are then the initial state.</summary>
    public static bool Load(UserContext* owner)
    {
        byte* image = owner->ExtendedState;
        bool isGood = CpuFeatures.HasXsave
            ? state_restore(image, EnabledComponents) != 0
            : state_restore_legacy(image) != 0;
        if (isGood)
            return true;
        Reset(owner);
        int loaded = CpuFeatures.HasXsave ? state_restore(image, EnabledComponents) : state_restore_legacy(image);
        Panic.Unless(loaded != 0, "extended state: the initial image is malformed"u8);
        return false;
    }

    /// <summary>Gives a context the state a new program starts with; the registers are not touched.</summary>
    public static void Reset(UserContext* context)
    {
        byte* image = context->ExtendedState;
        new Span<byte>(image, UserContext.ExtendedStateBytes).Clear();
        *(ushort*)(image + ControlWordOffset) = InitialControlWord;
        *(uint*)(image + MxcsrOffset) = InitialMxcsr;
        new Span<byte>(context->Xmm, XmmBytes).Clear();
        context->Mxcsr = InitialMxcsr;
    }

    [DllImport("*"), SuppressGCTransition]
    private static extern void state_save(void* image, ulong components);

    [DllImport("*"), SuppressGCTransition]
    private static extern void state_save_legacy(void* image);

    [DllImport("*"), SuppressGCTransition]
    private static extern int state_restore(void* image, ulong components);

    [DllImport("*"), SuppressGCTransition]
    private static extern int state_restore_legacy(void* image);
}
