using System.CommandLine;

namespace MfpClip.Cli;

/// <summary>The option <c>--limit</c> of commands that test.</summary>
internal static class TestLimit
{
    /// <summary>Makes it.</summary>
    /// <param name="description">What the help says.</param>
    public static Option<int?> Create(string description)
    {
        var option = new Option<int?>("--limit") { Description = description };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is { } images and < 2)
            {
                result.AddError($"--limit is {images}; it must be at least 2: a normal and a defective image.");
            }
        });
        return option;
    }
}
