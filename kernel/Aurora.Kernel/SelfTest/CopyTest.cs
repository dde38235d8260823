using System;
using System.Runtime.InteropServices;
using Aurora.Core;

namespace Aurora.Kernel;

/// <summary>
/// memmove and memset of the kernel, byte by byte: all short lengths and many long ones, from places near and far, with what lies around.
/// </summary>
internal static unsafe class CopyTest
{
    private const int Pages = 2;
    private const int Bytes = 4096;
    private const int From = 1600;
    private const int AllUpTo = 300;
    private const int Longest = 1100;
    private const int LongStep = 13;

    private static ReadOnlySpan<short> Distances
        => [-1, 1, -15, 15, -16, 16, -17, 17, -63, 63, -64, 64, -65, 65, -255, 255, -256, 256, -1500, 1300, 0];

    public static void Run(BareMachine machine)
    {
        byte* memory = (byte*)machine.Pages.Allocate(Pages);
        Aurora.Base.Panic.Unless(memory != null, "selftest: no memory to copy in"u8);
        for (int length = 0; length <= Longest; length += length < AllUpTo ? 1 : LongStep)
        {
            foreach (short distance in Distances)
                Copy(memory, memory + Bytes, length, distance);
            Fill(memory, length);
        }
        machine.Pages.Free(memory, Pages);
        SelfTest.Passed("copies"u8);
    }

    private static void Copy(byte* bytes, byte* before, int length, int distance)
    {
        for (int i = 0; i < Bytes; i++)
            bytes[i] = before[i] = (byte)((i * 31) + (i >> 5) + length);
        memmove(bytes + From + distance, bytes + From, (nuint)length);
        for (int i = 0; i < Bytes; i++)
        {
            bool isCopied = i >= From + distance && i < From + distance + length;
            byte expected = before[isCopied ? i - distance : i];
            if (bytes[i] != expected)
                SelfTest.Expect(bytes[i], expected, "a byte after a copy"u8);
        }
    }

    private static void Fill(byte* bytes, int length)
    {
        memset(bytes, 0xA5, Bytes);
        memset(bytes + From + (length % 16), 0x5A, (nuint)length);
        for (int i = 0; i < Bytes; i++)
        {
            int place = i - From - (length % 16);
            byte expected = place >= 0 && place < length ? (byte)0x5A : (byte)0xA5;
            if (bytes[i] != expected)
                SelfTest.Expect(bytes[i], expected, "a byte after a fill"u8);
        }
    }

    [DllImport("*"), SuppressGCTransition]
    private static extern void* memmove(void* destination, void* source, nuint bytes);

    [DllImport("*"), SuppressGCTransition]
    private static extern void* memset(void* destination, int value, nuint bytes);
}
