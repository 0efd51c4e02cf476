namespace MfpClip.Data.Procedural.Canvas;

/// <summary>How the height of a shape rises from its outline to its middle.</summary>
internal enum Profile
{
    /// <summary>At once.</summary>
    Flat,

    /// <summary>In a straight slope over the width.</summary>
    Bevel,

    /// <summary>As a quarter circle over the width.</summary>
    Dome,

    /// <summary>Smoothly, flat at both ends.</summary>
    Soft,
}

/// <summary>What a shape is painted with.</summary>
internal sealed record Paint
{
    public Rgb Color { get; init; }

    /// <summary>How much it hides what is beneath.</summary>
    public float Opacity { get; init; } = 1;

    /// <summary>Brightness follows this plane (mean 0, deviation 1).</summary>
    public Plane? Grain { get; init; }

    public float GrainAmount { get; init; }

    /// <summary>Height follows this plane, in image widths a deviation.</summary>
    public Plane? Rough { get; init; }

    public float RoughAmount { get; init; }

    /// <summary>Where this plane is above <see cref="SpotsFrom"/> the colour is <see cref="Second"/>.</summary>
    public Plane? Spots { get; init; }

    public Rgb Second { get; init; }

    public float SpotsFrom { get; init; } = 1;

    public float SpotsSoft { get; init; } = 0.3f;

    public float Gloss { get; init; } = 0.2f;

    /// <summary>Height of the plateau in local units; negative: engraved.</summary>
    public float Height { get; init; }

    public Profile Profile { get; init; } = Profile.Bevel;

    /// <summary>Length of the slope in local units.</summary>
    public float Width { get; init; } = 0.05f;

    /// <summary>The slope follows the distance to the local x axis (moved by <see cref="Axis"/>) instead of the outline: a cylinder.</summary>
    public bool Across { get; init; }

    public float Axis { get; init; }

    /// <summary>Adds to the height beneath instead of replacing it.</summary>
    public bool OnTop { get; init; }

    /// <summary>Whether it belongs to the product (otherwise cover stays as it is).</summary>
    public bool IsProduct { get; init; } = true;

    /// <summary>Only on the product.</summary>
    public bool OnProductOnly { get; init; }

    /// <summary>Turning marks around the local origin: amount and number a local unit.</summary>
    public float Turned { get; init; }

    public float TurnedRate { get; init; } = 30;

    /// <summary>Softness of the outline in local units; 0: sharp.</summary>
    public float Soft { get; init; }
}
