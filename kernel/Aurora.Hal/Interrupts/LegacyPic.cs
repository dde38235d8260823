namespace Aurora.Hal;

/// <summary>The two 8259A interrupt controllers, which Aurora only silences (Intel 8259A datasheet, initialization command words).</summary>
public static class LegacyPic
{
    private const ushort PrimaryCommand = 0x20;
    private const ushort PrimaryData = 0x21;
    private const ushort SecondaryCommand = 0xa0;
    private const ushort SecondaryData = 0xa1;

    /// <summary>
    /// Moves both controllers' vectors to <paramref name="firstVector"/>…+15 (a masked controller can still raise a spurious interrupt, which must
    /// not look like an exception) and masks every line.
    /// </summary>
    public static void Disable(PortSpace ports, byte firstVector)
    {
        const byte BeginWithFourWords = 0x11, SecondaryOnLine2 = 1 << 2, SecondaryIdentity = 2, Mode8086 = 1, AllMasked = 0xff;
        ports.Out8(PrimaryCommand, BeginWithFourWords);
        ports.Out8(SecondaryCommand, BeginWithFourWords);
        ports.Out8(PrimaryData, firstVector);
        ports.Out8(SecondaryData, (byte)(firstVector + 8));
        ports.Out8(PrimaryData, SecondaryOnLine2);
        ports.Out8(SecondaryData, SecondaryIdentity);
        ports.Out8(PrimaryData, Mode8086);
        ports.Out8(SecondaryData, Mode8086);
        ports.Out8(PrimaryData, AllMasked);
        ports.Out8(SecondaryData, AllMasked);
    }
}
