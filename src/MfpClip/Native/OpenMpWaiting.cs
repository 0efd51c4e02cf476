namespace MfpClip.Native;

/// <summary>
/// How long threads of libtorch's OpenMP wait busily for one another. By default it is milliseconds after each operator: with other work on the machine, or a
/// quota, they keep the very threads that they wait for from running, and calls take ten times as long and more.
/// </summary>
internal static class OpenMpWaiting
{
    /// <summary>What libgomp reads once, when it is loaded; whoever sets one of them has chosen.</summary>
    internal static readonly string[] Variables = ["GOMP_SPINCOUNT", "OMP_WAIT_POLICY"];

    // About 0.1 ms. The next operator of an idle machine comes within it; a thread that must be woken is late by about as much.
    private const string Rounds = "10000";

    /// <summary>Whether the user has chosen.</summary>
    public static bool IsChosen => Variables.Any(NativeVariables.IsSet);

    /// <summary>Limits it. Before libtorch is loaded; afterwards it changes nothing.</summary>
    public static void Limit()
    {
        if (OperatingSystem.IsLinux() && !IsChosen)
        {
            NativeVariables.TrySet(Variables[0], Rounds);
        }
    }
}
