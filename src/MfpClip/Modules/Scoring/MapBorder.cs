namespace MfpClip.Modules.Scoring;

/// <summary>How a map continues outside for a filter.</summary>
public enum MapBorder
{
    /// <summary>Mirrored with the edge repeated: scipy's "reflect".</summary>
    Symmetric,

    /// <summary>Mirrored about the edge: OpenCV's BORDER_REFLECT_101, torch's "reflect".</summary>
    Reflect,
}
