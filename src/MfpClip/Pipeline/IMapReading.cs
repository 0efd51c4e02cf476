using MfpClip.Imaging;

namespace MfpClip.Pipeline;

/// <summary>
/// A capability of a pass whose map comes to the image's resolution in a way of its own: AnomalyDINO smooths there. Read only of a detector's outermost pass:
/// one that joins or averages maps gives others.
/// </summary>
public interface IMapReading
{
    /// <summary>The map at the image's resolution. Safe for concurrent callers.</summary>
    /// <param name="map">As the pass gave it, of one image.</param>
    /// <param name="width">Width of the image.</param>
    /// <param name="height">Height of the image.</param>
    /// <param name="covered">The part of the image that the model saw.</param>
    /// <returns>A map of <paramref name="width"/> x <paramref name="height"/> values.</returns>
    AnomalyMap ToImage(AnomalyMap map, int width, int height, CoveredArea covered);

    /// <summary>The map at the model's resolution, from 0 to 1. Safe for concurrent callers.</summary>
    /// <param name="map">As the pass gave it, of one image.</param>
    AnomalyMap ToModel(AnomalyMap map) => map;
}
