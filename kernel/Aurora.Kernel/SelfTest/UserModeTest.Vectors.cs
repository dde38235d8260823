using System;
using Aurora.Base;
using Aurora.Core;

namespace Aurora.Kernel;

internal sealed unsafe partial class UserModeTest
{
    private const int XsaveHeaderOffset = 512;
    private const int XsaveAvxOffset = 576;
    private const int XmmBytes = 16;
    private const int YmmBytes = 32;
    private const ulong Pi = 0x400921FB54442D18;

    /// <summary>Two programs with different x87 and AVX registers take turns; then an image is made malformed.</summary>
    private void Vectors()
    {
        if (!CpuFeatures.HasAvx)
        {
            SelfTest.Passed("vectors-skipped-no-avx"u8);
            return;
        }
        UserContext* second = CreateContext();
        LoadVectors(null, _context, 0xA1);
        LoadVectors(_context, second, 0xB2);
        StoreVectors(second, _context, 0xA1);
        StoreVectors(_context, second, 0xB2);
        // What capture sees: the image, XMM taken from the context.
        ExtendedState.Save(second);
        SelfTest.Expect(second->ExtendedState[XsaveAvxOffset + (5 * XmmBytes)], 0xB2, "upper half of ymm5 in the image"u8);
        SelfTest.Expect(second->ExtendedState[160 + (5 * XmmBytes)], 0xB2, "xmm5 in the image"u8);
        MalformedImages(second);
        SelfTest.Passed("vectors"u8);
    }

    private void LoadVectors(UserContext* from, UserContext* to, byte pattern)
    {
        Panic.Unless(ExtendedState.Switch(from, to), "selftest: good image refused"u8);
        new Span<byte>(_stack, PageSize.Bytes).Fill(pattern);
        to->Rip = AddressOf(Label.Vectors);
        to->Rsp = StackTop;
        Resume(to);
        SelfTest.Expect(to->Trap, UserContext.SystemCallTrap, "trap after loading vectors"u8);
    }

    private void StoreVectors(UserContext* from, UserContext* to, byte pattern)
    {
        Panic.Unless(ExtendedState.Switch(from, to), "selftest: saved image refused"u8);
        new Span<byte>(_stack, PageSize.Bytes).Clear();
        to->Rip = AddressOf(Label.VectorsStore);
        Resume(to);
        SelfTest.Expect(to->Trap, UserContext.SystemCallTrap, "trap after storing vectors"u8);
        byte* stored = _stack + PageSize.Bytes - 128;
        for (int i = 0; i < YmmBytes; i++)
            SelfTest.Expect(stored[i], pattern, "a byte of ymm5"u8);
        SelfTest.Expect(*(ulong*)(stored - 8), Pi, "the x87 register"u8);
        // The store popped the register; the next round expects it again.
        LoadVectors(null, to, pattern);
    }

    private static void MalformedImages(UserContext* context)
    {
        *(ulong*)(context->ExtendedState + XsaveHeaderOffset) = 1UL << 40;
        Panic.Unless(!ExtendedState.Switch(null, context), "selftest: image with an unknown component accepted"u8);
        Panic.Unless(ExtendedState.Switch(null, context), "selftest: reset image refused"u8);
        *(ulong*)(context->ExtendedState + XsaveHeaderOffset + 16) = 1;
        Panic.Unless(!ExtendedState.Switch(null, context), "selftest: image with a reserved header byte accepted"u8);
    }
}
